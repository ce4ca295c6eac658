import type { Origin, Rejection } from "../model/resources.ts";

/**
 * Policies in the order of their names. Those that share a name contradict each other: of each only what `reduce` leaves
 * counts.
 */
export function distinct<T extends { readonly origin: Origin }>(
  policies: readonly T[],
  nameOf: (policy: T) => string,
  reduce: (policy: T) => T,
  rejections: Rejection[],
): T[] {
  const named = new Map<string, T[]>();
  for (const policy of policies) {
    const name = nameOf(policy);
    const same = named.get(name);
    if (same === undefined) named.set(name, [policy]);
    else same.push(policy);
  }
  const sorted = [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, same]) => same);
  return sorted.flatMap((same) => {
    if (same.length === 1) return same;
    for (const { origin } of same) rejections.push({ origin, field: "metadata.name", message: complaint(origin.kind) });
    return same.map(reduce);
  });
}

function complaint(kind: string): string {
  if (kind === "NetworkPolicy")
    return "another NetworkPolicy has this name: it isolates the pods it selects but its rules are ignored; rename one";
  return `another ${kind} has this name: neither allows anything, and what either denies or passes is denied; rename one`;
}
