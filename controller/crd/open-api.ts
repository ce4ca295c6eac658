/** The readers' own schemas as OpenAPI, so that what the API server refuses is what the readers refuse. */
import type { z } from "zod";

/** A structural schema of apiextensions.k8s.io/v1, or a part of one. */
export interface Schema {
  readonly type?: "array" | "boolean" | "integer" | "object" | "string";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly [validation: string]: unknown;
}

/**
 * What `schema` takes. Structure comes from the schema itself, limits, conditions, defaults and descriptions from its
 * metadata, of which that of an outer schema comes before that of what it wraps.
 */
export function openApiOf(schema: z.ZodType): Schema {
  const whole = { ...structure(schema.def as Definition), ...schema.meta() } as Schema;
  const { type, description, ...rest } = whole;
  return { ...(type && { type }), ...(description && { description }), ...rest };
}

function structure({ type, shape = {}, element, in: first, out, innerType }: Definition): Schema {
  if (type === "object") return object(shape);
  if (type === "array" && element) return { type: "array", items: openApiOf(element) };
  if (type === "string") return { type: "string" };
  // Of a transformation what it takes; but a preparation takes anything, and a list's first step looks at its length.
  const taken = first?.def.type === "transform" || out?.def.type === "array" ? out : (first ?? innerType);
  return taken === undefined ? {} : openApiOf(taken);
}

/** Of zod's definitions, what is looked at here. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly innerType?: z.ZodType;
}

function object(shape: Readonly<Record<string, z.ZodType>>): Schema {
  const entries = Object.entries(shape);
  const required = entries.filter(([, field]) => !field.safeParse(undefined).success).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, field]) => [name, openApiOf(field)])),
    ...(required.length > 0 && { required }),
  };
}
