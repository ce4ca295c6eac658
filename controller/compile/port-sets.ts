import { type Action, NONE } from "../../assembly/wire/image.ts";
import type { NumberedPorts } from "./clauses.ts";
import type { Interval, PortSet } from "./verdict-table.ts";

/** What one rule says about ports; a list of claims is tried in order, the first that covers a key decides. */
export interface Claim {
  /** Undefined: every key. */
  readonly ports: readonly NumberedPorts[] | undefined;
  readonly action: Action;
  /** Index of the rule's name. */
  readonly rule: number;
}

/** Distinct port sets, numbered from 0. */
export class PortSets {
  readonly all: PortSet[] = [];
  private readonly numbers = new Map<string, number>();

  /** The number of the port set that claims make; the last claim must cover every key. */
  number(claims: readonly Claim[]): number {
    const set = paint(claims);
    const text = set.map(({ start, rule, action }) => `${start},${rule},${action}`).join(";");
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, this.all.length);
    return this.all.push(set) - 1;
  }
}

/** Each interval between bounds of claims goes to the first claim that covers it. */
function paint(claims: readonly Claim[]): PortSet {
  const first = claims[0] as Claim;
  if (first.ports === undefined) return [interval(0, first)];
  const starts = boundsOf(claims);
  const owners = new Array<Claim | undefined>(starts.length).fill(undefined);
  // For each interval the next one that nobody owns, to skip those taken: many wide claims stay linear.
  const free = new Int32Array(starts.length + 1).map((_, i) => i);
  for (const claim of claims) {
    if (claim.ports === undefined) take(claim, 0, starts.length, owners, free);
    else for (const { first: from, last } of claim.ports) take(claim, indexOf(starts, from), indexOf(starts, last + 1), owners, free);
  }
  const set: Interval[] = [];
  owners.forEach((claim, i) => {
    const { rule, action } = claim as Claim;
    const before = set.at(-1);
    if (before?.rule !== rule || before.action !== action) set.push(interval(starts[i] as number, claim as Claim));
  });
  return set;
}

function interval(start: number, { rule, action }: Claim): Interval {
  return { start, rule, path: NONE, action };
}

function boundsOf(claims: readonly Claim[]): number[] {
  const starts = new Set([0]);
  for (const { ports } of claims) {
    for (const { first, last } of ports ?? []) starts.add(first).add(last + 1);
  }
  return [...starts].sort((a, b) => a - b);
}

function take(claim: Claim, from: number, to: number, owners: (Claim | undefined)[], free: Int32Array): void {
  for (let i = nextFree(free, from); i < to; i = nextFree(free, i)) {
    owners[i] = claim;
    free[i] = i + 1;
  }
}

function nextFree(free: Int32Array, from: number): number {
  let i = from;
  while (free[i] !== i) i = free[i] as number;
  for (let j = from; j !== i; ) {
    const next = free[j] as number;
    free[j] = i;
    j = next;
  }
  return i;
}

function indexOf(starts: readonly number[], start: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as number) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
