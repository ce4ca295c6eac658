import type { Stretch } from "./flows.ts";

/** What changed for the flows of some keys. */
export interface Delta {
  readonly change: "opens" | "closes" | "moves";
  /** Ascending, neither overlapping nor touching. */
  readonly ports: readonly KeyRange[];
  /** Of `moves`: the gateways passed before and after. */
  readonly was?: string;
  readonly becomes?: string;
}

/** Keys `protocol << 16 | port`, both included. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
}

/** How one list of allowed flows differs from another. */
export function deltas(old: readonly Stretch[], now: readonly Stretch[]): Delta[] {
  const found = new Map<string, { delta: Delta; ports: { first: number; last: number }[] }>();
  const bounds = new Set([...old, ...now].flatMap(({ first, last }) => [first, last + 1]));
  const starts = [...bounds].sort((a, b) => a - b);
  starts.slice(0, -1).forEach((first, i) => {
    const delta = deltaAt(wayOf(old, first), wayOf(now, first));
    if (delta === undefined) return;
    const key = [delta.change, delta.was, delta.becomes].join("\n");
    const known = found.get(key) ?? { delta, ports: [] };
    found.set(key, known);
    const last = (starts[i + 1] as number) - 1;
    const before = known.ports.at(-1);
    if (before?.last === first - 1) before.last = last;
    else known.ports.push({ first, last });
  });
  return [...found.values()].map(({ delta, ports }) => ({ ...delta, ports }));
}

function wayOf(stretches: readonly Stretch[], key: number): string | undefined {
  return stretches.find(({ first, last }) => first <= key && key <= last)?.way;
}

function deltaAt(was: string | undefined, becomes: string | undefined): Delta | undefined {
  if (was === becomes) return undefined;
  if (was === undefined) return { change: "opens", ports: [] };
  if (becomes === undefined) return { change: "closes", ports: [] };
  return { change: "moves", ports: [], was, becomes };
}
