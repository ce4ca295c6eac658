import { NONE } from "../../assembly/wire/image.ts";
import type { Budget } from "./budget.ts";
import type { Claim } from "./claims.ts";
import { GrowingU32, HASH_START, Interned, mixHash } from "./growing.ts";
import { INTERVAL_WORDS } from "./verdict-table.ts";

/** What a list costs besides its claims, in steps. */
const LIST_STEPS = 10;

/** Distinct lists of intervals, numbered from 0, laid out as in a verdict table. */
export class IntervalLists {
  readonly intervals = new GrowingU32();
  private readonly firsts = new GrowingU32();
  private readonly interned = new Interned();

  constructor(private readonly budget: Budget) {
    this.firsts.push(0);
  }

  /** First interval of each list, and the number of all intervals. */
  get lists(): Uint32Array {
    return this.firsts.all();
  }

  /** The number of the list that claims make; the last claim must cover every key. With the budget spent, no list. */
  number(claims: readonly Claim[]): number {
    this.budget.spendSteps(claims.reduce((sum, { ports }) => sum + (ports?.length ?? 0), LIST_STEPS + claims.length));
    return this.budget.spent ? NONE : this.intern(claims);
  }

  /** The list for all keys that one claim makes, whatever the budget. */
  closed(claim: Claim): number {
    return this.intern([claim]);
  }

  private intern(claims: readonly Claim[]): number {
    const from = this.intervals.length;
    paint(claims, this.intervals);
    const hash = this.hash(from);
    const known = this.interned.find(hash, (number) => this.equals(number, from));
    if (known >= 0) {
      this.intervals.truncate(from);
      return known;
    }
    this.budget.spendBytes(4 * (this.intervals.length - from));
    this.firsts.push(this.intervals.length / INTERVAL_WORDS);
    return this.interned.add(hash);
  }

  private hash(from: number): number {
    let hash = HASH_START;
    for (let i = from; i < this.intervals.length; i++) hash = mixHash(hash, this.intervals.at(i));
    return hash;
  }

  private equals(number: number, from: number): boolean {
    const first = this.firsts.at(number) * INTERVAL_WORDS;
    const length = this.firsts.at(number + 1) * INTERVAL_WORDS - first;
    if (length !== this.intervals.length - from) return false;
    for (let i = 0; i < length; i++) if (this.intervals.at(first + i) !== this.intervals.at(from + i)) return false;
    return true;
  }
}

/** Appends intervals: what lies between bounds of claims goes to the first claim that covers it. */
function paint(claims: readonly Claim[], to: GrowingU32): void {
  const first = claims[0] as Claim;
  if (first.ports === undefined) {
    append(to, 0, first);
    return;
  }
  const starts = boundsOf(claims);
  const owners = new Array<Claim | undefined>(starts.length).fill(undefined);
  // For each piece the next one that nobody owns, to skip those taken: many wide claims stay linear.
  const free = Int32Array.from({ length: starts.length + 1 }, (_, i) => i);
  for (const claim of claims) {
    if (claim.ports === undefined) take(claim, 0, starts.length, owners, free);
    else
      for (const port of claim.ports)
        take(claim, indexOf(starts, port.first), indexOf(starts, port.last + 1), owners, free);
  }
  let before: Claim | undefined;
  starts.forEach((start, i) => {
    const owner = owners[i] as Claim;
    if (before?.rule !== owner.rule || before.action !== owner.action) append(to, start, owner);
    before = owner;
  });
}

function append(to: GrowingU32, start: number, { rule, action }: Claim): void {
  to.push(start);
  to.push(rule);
  to.push(NONE);
  to.push(action);
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

/** The first free piece from `from` on; shortens the way there for the next time. */
function nextFree(free: Int32Array, from: number): number {
  let found = from;
  while (free[found] !== found) found = free[found] as number;
  for (let i = from; i !== found; ) {
    const next = free[i] as number;
    free[i] = found;
    i = next;
  }
  return found;
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
