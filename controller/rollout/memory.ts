/** What a rollout remembers in the Namespace, so that another run goes on, and knows what to go back to. Pure. */
import { isMapping } from "../read/schema.ts";

export const ROLLOUT_ANNOTATION = "sallyport.dev/rollout";

export interface Memory {
  /** RFC 3339: when it began. */
  readonly since: string;
  readonly kind: "join" | "leave";
  /** The namespace's label before. */
  readonly label?: string;
  /** The Overlay's spec.enforcement before. */
  readonly enforcement: "Enforce" | "Audit";
}

export function memoryText(memory: Memory): string {
  return JSON.stringify(memory);
}

/** Undefined: no rollout is under way. What can't be read is none either: it is begun anew. */
export function memoryOf(text: string | undefined): Memory | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
  if (!isMapping(value) || typeof value.since !== "string" || Number.isNaN(Date.parse(value.since))) return undefined;
  return {
    since: value.since,
    kind: value.kind === "leave" ? "leave" : "join",
    enforcement: value.enforcement === "Audit" ? "Audit" : "Enforce",
    ...(typeof value.label === "string" && { label: value.label }),
  };
}
