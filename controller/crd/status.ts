import type { Schema } from "./open-api.ts";

/** `status` of all our kinds: what the controller made of the object. Conditions are those of meta/v1 Condition. */
export const status: Schema = {
  type: "object",
  description: "What the controller made of the object.",
  properties: {
    observedGeneration: {
      type: "integer",
      format: "int64",
      minimum: 0,
      description: "The metadata.generation that this status is about.",
    },
    conditions: {
      type: "array",
      description:
        "Accepted: the object is understood and in use, or why not. Programmed: how many of the nodes that it concerns run it.",
      maxItems: 8,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
      items: {
        type: "object",
        required: ["type", "status", "lastTransitionTime", "reason", "message"],
        properties: {
          type: text("What it says something about.", { maxLength: 316 }),
          status: text("Whether it is so.", { enum: ["True", "False", "Unknown"] }),
          observedGeneration: {
            type: "integer",
            format: "int64",
            minimum: 0,
            description: "The metadata.generation that the condition is about.",
          },
          lastTransitionTime: text("When status changed last.", { format: "date-time" }),
          reason: text("One word for programs.", {
            minLength: 1,
            maxLength: 1024,
            pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
          }),
          message: text("A sentence for people: what is wrong, where, and what to do.", { maxLength: 32768 }),
        },
      },
    },
  },
};

function text(description: string, limits: object): Schema {
  return { type: "string", description, ...limits };
}
