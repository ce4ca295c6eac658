import type { Budget } from "./budget.ts";
import { type ClassSet, MEMBERS, OUTSIDERS } from "./class-set.ts";
import type { Classes } from "./classes.ts";

/** Columns name regions by u16. */
const REGIONS_MAX = 65536;

/**
 * Classes in few large parts that a row's rules treat alike, but for some classes that are told apart one by one.
 * Rows share regions: most need only "outsiders, members".
 */
export interface Regions {
  /** The region of each class. */
  readonly of: Uint16Array;
  /** A class of each region. */
  readonly samples: readonly number[];
  /** Number of the column, equal for equal regions. */
  readonly column: number;
  /** For each large set, by its number: is the region in it? */
  readonly within: ReadonlyMap<number, readonly boolean[]>;
}

/** Makes regions, each once. */
export class RegionMaps {
  readonly columns: Uint16Array[] = [];
  private readonly known = new Map<string, Regions | undefined>();
  private readonly largeNumbers = new Map<ClassSet, number>();
  private readonly scratch: Uint8Array;

  constructor(
    private readonly classes: Classes,
    private readonly budget: Budget,
  ) {
    this.scratch = new Uint8Array(classes.count);
  }

  /** The number of a set that is better told apart by region than class by class; -1 for others. */
  large(set: ClassSet): number {
    if (set.toggled.length <= this.budget.limits.exceptions) return -1;
    const number = this.largeNumbers.get(set) ?? this.largeNumbers.size;
    this.largeNumbers.set(set, number);
    return number;
  }

  /**
   * Regions that tell outsiders, members and some large sets apart, and where `portsOf` is given the classes by its
   * numbers. Undefined if there are too many. `portsKey` names the function: equal keys, equal numbers.
   */
  regions(large: readonly ClassSet[], portsKey: string, portsOf?: (cls: number) => number): Regions | undefined {
    const sorted = [...new Set(large)].sort((a, b) => this.large(a) - this.large(b));
    const key = `${sorted.map((set) => this.large(set)).join()} ${portsKey}`;
    if (!this.known.has(key)) this.known.set(key, this.build(sorted, portsOf));
    return this.known.get(key);
  }

  /** Regions that are the numbers of a column. */
  adopt(of: Uint16Array): Regions {
    this.budget.spendBytes(2 * of.length);
    return { of, samples: [], column: this.columns.push(of) - 1, within: new Map() };
  }

  private build(large: readonly ClassSet[], portsOf: (cls: number) => number = () => 0): Regions | undefined {
    const { count, firstMember } = this.classes;
    this.budget.spendSteps(count * (1 + large.length));
    let parts: ArrayLike<number> = renumbered(count, (cls) => (cls < firstMember ? -1 : portsOf(cls)));
    const masks = large.map((set) => this.mask(set).slice());
    for (const mask of masks) {
      const before = parts;
      parts = renumbered(count, (cls) => (before[cls] as number) * 2 + (mask[cls] as number));
    }
    const samples: number[] = [];
    for (let cls = 0; cls < count; cls++) if (parts[cls] === samples.length) samples.push(cls);
    if (samples.length > REGIONS_MAX) return undefined;
    this.budget.spendBytes(2 * count);
    const of = Uint16Array.from(parts);
    const within = new Map(large.map((set, i) => [this.large(set), samples.map((cls) => masks[i]?.[cls] === 1)]));
    return { of, samples, column: this.columns.push(of) - 1, within };
  }

  private mask({ base, toggled }: ClassSet): Uint8Array {
    this.scratch.fill((base & OUTSIDERS) !== 0 ? 1 : 0, 0, this.classes.firstMember);
    this.scratch.fill((base & MEMBERS) !== 0 ? 1 : 0, this.classes.firstMember);
    for (let i = 0; i < toggled.length; i++)
      this.scratch[toggled[i] as number] = 1 - (this.scratch[toggled[i] as number] as number);
    return this.scratch;
  }
}

/** Numbers from 0 in order of first appearance, equal where `key` is equal. */
function renumbered(count: number, key: (cls: number) => number): Uint32Array {
  const numbers = new Map<number, number>();
  return Uint32Array.from({ length: count }, (_, cls) => {
    const number = numbers.get(key(cls)) ?? numbers.size;
    numbers.set(key(cls), number);
    return number;
  });
}
