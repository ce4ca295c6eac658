/** Whether an object in the cluster is as it should be. Pure. */

import { isMapping } from "../read/schema.ts";
import type { KubeObject } from "./list-watch.ts";

/** What says which object it is, and what others write. */
const NOT_CONTENT = ["apiVersion", "kind", "metadata", "status"];
/** An istiod of another revision leaves out what has it, and all do if it names none: a guard would be gone. */
const REVISION = "istio.io/rev";

/**
 * Content must be exactly that, because a field that somebody adds can take effect away, such as a selector. Of labels only
 * those that are wanted count, and the one that takes effect away.
 */
export function isAsWanted(wanted: KubeObject, found: KubeObject): boolean {
  if (!contentOf(wanted).every(([field, value]) => isEqual(value, found[field]))) return false;
  const labels = labelsOf(found);
  if (hasSurplusRevision(wanted, found)) return false;
  return Object.entries(labelsOf(wanted)).every(([name, value]) => labels[name] === value);
}

/** A merge patch that takes away what nobody wants, in mappings: lists were replaced when the object was applied. */
export function surplusOf(wanted: KubeObject, found: KubeObject): object {
  const content = contentOf(wanted).flatMap(([field, value]) => {
    const patch = surplus(value, found[field]);
    return patch === undefined ? [] : [[field, patch] as const];
  });
  const metadata = hasSurplusRevision(wanted, found) ? { metadata: { labels: { [REVISION]: null } } } : {};
  return { ...Object.fromEntries(content), ...metadata };
}

function hasSurplusRevision(wanted: KubeObject, found: KubeObject): boolean {
  return Object.hasOwn(labelsOf(found), REVISION) && !Object.hasOwn(labelsOf(wanted), REVISION);
}

function contentOf(object: KubeObject): [string, unknown][] {
  return Object.entries(object).filter(([field]) => !NOT_CONTENT.includes(field));
}

function surplus(wanted: unknown, found: unknown): object | undefined {
  if (!isMapping(wanted) || !isMapping(found)) return undefined;
  const patch: Record<string, object | null> = {};
  for (const field of Object.keys(found)) {
    if (!Object.hasOwn(wanted, field)) patch[field] = null;
    const inner = surplus(wanted[field], found[field]);
    if (inner !== undefined) patch[field] = inner;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function labelsOf({ metadata }: KubeObject): Readonly<Record<string, unknown>> {
  const { labels } = isMapping(metadata) ? metadata : {};
  return isMapping(labels) ? labels : {};
}

/** JSON values; the order of fields makes no difference. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => isEqual(one, b[i]));
  if (!isMapping(a) || !isMapping(b)) return false;
  const fields = Object.keys(a);
  return fields.length === Object.keys(b).length && fields.every((field) => isEqual(a[field], b[field]));
}
