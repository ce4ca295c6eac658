import type { Issue } from "./issue.ts";
import { isMapping } from "./schema.ts";

/** `kind: List`, as kubectl prints it, or a typed one such as PodList, as the API does. */
export interface ListObject extends Record<string, unknown> {
  readonly kind: string;
}

export function isList(object: unknown): object is ListObject {
  return isMapping(object) && typeof object.kind === "string" && object.kind.endsWith("List");
}

/** An item of a list; those of a typed one leave out what the list says of them. */
export function itemOf({ kind, apiVersion }: ListObject, object: unknown): unknown {
  if (kind === "List" || !isMapping(object)) return object;
  return { kind: kind.slice(0, -"List".length), apiVersion, ...object };
}

export function listComplaint(object: unknown): Issue | undefined {
  if (!isList(object)) return undefined;
  const isKnown = object.kind !== "List" || object.apiVersion === "v1";
  if (isKnown && (Array.isArray(object.items) || object.items === null)) return undefined;
  return { path: ["items"], message: "must be a list of objects, in a List of apiVersion v1" };
}
