import { Action, NONE } from "../../assembly/wire/image.ts";
import type { Budget } from "./budget.ts";
import type { Claim } from "./claims.ts";
import { GrowingU32, HASH_START, Interned, mixHash } from "./growing.ts";
import { type Interval, paint } from "./paint.ts";
import { INTERVAL_WORDS } from "./verdict-table.ts";

/** What a list costs besides its claims, in steps. */
const LIST_STEPS = 10;

/** What intervals say that are about paths alone. */
const SILENT = { rule: 0, answer: Action.Deny };

/** Distinct lists of intervals, numbered from 0, laid out as in a verdict table. */
export class IntervalLists {
  readonly intervals = new GrowingU32();
  private readonly firsts = new GrowingU32();
  private readonly interned = new Interned();
  private readonly pathLists = new Map<number, number>();

  constructor(private readonly budget: Budget) {
    this.firsts.push(0);
  }

  /** First interval of each list, and the number of all intervals. */
  get lists(): Uint32Array {
    return this.firsts.all();
  }

  /**
   * The number of the list that claims make, in the order of their tiers; the last claim must be enforced and cover every
   * key. With the budget spent, no list.
   */
  number(claims: readonly Claim[]): number {
    this.budget.spendSteps(claims.reduce((sum, { ports }) => sum + (ports?.length ?? 0), LIST_STEPS + claims.length));
    return this.budget.spent ? NONE : this.intern(claims);
  }

  /** The list for all keys that one claim makes, whatever the budget. */
  closed(claim: Claim): number {
    return this.intern([claim]);
  }

  /** The list that names no path for any key. */
  pathless(): number {
    return this.add([{ ...SILENT, start: 0, path: NONE }]);
  }

  /** The list that names the paths which a list names, and says nothing else. */
  paths(list: number): number {
    const known = this.pathLists.get(list) ?? this.add(this.pathsOf(list));
    this.pathLists.set(list, known);
    return known;
  }

  private pathsOf(list: number): Interval[] {
    const found: Interval[] = [];
    for (let i = this.firsts.at(list); i < this.firsts.at(list + 1); i++) {
      const [start, path] = [this.intervals.at(i * INTERVAL_WORDS), this.intervals.at(i * INTERVAL_WORDS + 2)];
      if (found.at(-1)?.path !== path) found.push({ ...SILENT, start, path });
    }
    return found;
  }

  private intern(claims: readonly Claim[]): number {
    return this.add(paint(claims));
  }

  private add(list: readonly Interval[]): number {
    const from = this.intervals.length;
    for (const { start, rule, path, answer } of list) {
      for (const word of [start, rule, path, answer]) this.intervals.push(word);
    }
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
