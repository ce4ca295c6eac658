import { z } from "zod";
import { shown } from "./issue.ts";
import { check, isMapping, oneOf, optional } from "./schema.ts";

const ANNOTATION = "sallyport.dev/enforcement";
const OURS = "sallyport.dev/";

/** `enforcement` of our own kinds. */
export const enforcement = oneOf("Enforce", "Audit");

/** Annotations of a policy; of those that are ours there is one, and it is checked. */
export const policyAnnotations = optional(
  z
    .custom<Readonly<Record<string, unknown>>>(isMapping, {
      error: ({ input }) => `must be a mapping of keys to texts, not ${shown(input)}`,
    })
    .superRefine((value, context) => {
      for (const [key, text] of Object.entries(value)) {
        const message = key.startsWith(OURS) ? complaint(key, text) : undefined;
        if (message !== undefined) context.addIssue({ code: "custom", path: [key], message });
      }
    }),
);

function complaint(key: string, value: unknown): string | undefined {
  if (key !== ANNOTATION) return `is not an annotation that is read here; did you mean ${ANNOTATION}?`;
  const checked = check(enforcement, value, []);
  return checked.ok ? undefined : checked.issues[0]?.message;
}

/** How the model says `enforcement: Audit`. What is neither Enforce nor Audit enforces: fail closed. */
export function auditOf(value: unknown): { readonly enforcement?: "Audit" } {
  return value === "Audit" ? { enforcement: "Audit" } : {};
}

/** The same from the annotation of an object that may be broken elsewhere. */
export function auditAnnotation(metadata: unknown): { readonly enforcement?: "Audit" } {
  const annotations = isMapping(metadata) ? metadata.annotations : undefined;
  return auditOf(isMapping(annotations) ? annotations[ANNOTATION] : undefined);
}
