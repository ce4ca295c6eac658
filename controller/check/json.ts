/** Looking into objects of a cluster whose shape nobody has checked. */
import { isMapping } from "../read/schema.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What stands at a path, or undefined. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) found = isMapping(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return found;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** The list there, or an empty one. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function textsAt(value: unknown, ...path: readonly string[]): string[] {
  return listAt(value, ...path).filter((one): one is string => typeof one === "string");
}

export function recordAt(value: unknown, ...path: readonly string[]): Json {
  const found = at(value, ...path);
  return isMapping(found) ? found : {};
}

export const nameOf = (object: unknown) => textAt(object, "metadata", "name") ?? "";
export const namespaceOf = (object: unknown) => textAt(object, "metadata", "namespace") ?? "";
export const labelOf = (object: unknown, key: string) => textAt(object, "metadata", "labels", key);
export const annotationOf = (object: unknown, key: string) => textAt(object, "metadata", "annotations", key);

/** `Kind namespace/name`. */
export function titleOf(object: unknown): string {
  const parts = [namespaceOf(object), nameOf(object)].filter((part) => part !== "");
  return `${textAt(object, "kind") ?? "object"} ${parts.join("/")}`;
}

/** Every value in it, itself included. */
export function* within(value: unknown): Generator<unknown> {
  yield value;
  if (Array.isArray(value)) for (const one of value) yield* within(one);
  else if (isMapping(value)) for (const one of Object.values(value)) yield* within(one);
}
