import type { Budget } from "./budget.ts";
import { type ClassSet, MEMBERS, OUTSIDERS } from "./class-set.ts";
import type { Classes } from "./classes.ts";

/** Columns name regions by u16. */
const REGIONS_MAX = 65536;

/**
 * Classes in few large parts that a row's rules treat alike, but for some classes that are told apart one by one.
 * Rows share regions: most need only "outsiders, members".
 */
export interface Regions extends RegionFacts {
  /** Number of the column, equal for equal regions. */
  readonly column: number;
}

interface RegionFacts {
  /** The region of each class; any where there is no class. */
  readonly of: Uint16Array;
  /** A class of each region. */
  readonly samples: readonly number[];
  /** For each large set, by its number: is the region in it? */
  readonly within: ReadonlyMap<number, readonly boolean[]>;
}

/** What regions tell apart. */
interface Distinction {
  readonly large: readonly ClassSet[];
  /** A number for each of `Classes.portsOf`. */
  readonly portsOf: (ports: number) => number;
}

interface Known {
  readonly distinction: Distinction;
  /** Undefined: there are too many. */
  readonly regions: Regions | undefined;
}

/** Makes regions, each once. */
export class RegionMaps {
  readonly columns: Uint16Array[] = [];
  private readonly free: number[] = [];
  private readonly known = new Map<string, Known>();
  private readonly largeNumbers = new Map<ClassSet, number>();
  private nextLarge = 0;
  private scratch = new Uint8Array(0);

  constructor(
    private readonly classes: Classes,
    private readonly budget: Budget,
  ) {}

  /** The number of a set that is better told apart by region than class by class; -1 for others. */
  large(set: ClassSet): number {
    if (set.toggled.length <= this.budget.limits.exceptions) return -1;
    const number = this.largeNumbers.get(set) ?? this.nextLarge++;
    this.largeNumbers.set(set, number);
    return number;
  }

  /**
   * Regions that tell outsiders, members and some large sets apart, and the numbers that `portsOf` makes of those of
   * `Classes.portsOf`. Undefined if there are too many. `portsKey` names that function.
   */
  regions(
    large: readonly ClassSet[],
    portsKey: string,
    portsOf: (ports: number) => number = () => 0,
  ): Regions | undefined {
    const sorted = [...new Set(large)].sort((a, b) => this.large(a) - this.large(b));
    const key = `${sorted.map((set) => this.large(set)).join()} ${portsKey}`;
    const known = this.known.get(key) ?? this.build({ large: sorted, portsOf });
    this.known.set(key, known);
    return known.regions;
  }

  /** Regions that are the numbers of a column. */
  adopt(of: Uint16Array): Regions {
    this.budget.spendBytes(2 * of.length);
    return { of, samples: [], column: this.newColumn(of), within: new Map() };
  }

  /** Follows classes that came or went. Regions that mean something else now are no longer known. */
  refresh(): void {
    for (const [key, { distinction, regions }] of this.known) {
      const facts = this.facts(distinction);
      const before = regions && this.meanings(distinction, regions);
      const after = facts && this.meanings(distinction, facts);
      if (regions !== undefined) this.columns[regions.column] = facts?.of ?? new Uint16Array(0);
      if (facts !== undefined && before === after) Object.assign(regions as Regions, facts);
      else this.known.delete(key);
    }
  }

  /** Do the regions still mean what they meant? */
  has(regions: Regions): boolean {
    return this.columns[regions.column] === regions.of;
  }

  /** Forgets all columns but some, and the regions of the others. */
  keep(used: ReadonlySet<number>): void {
    for (const [key, { regions }] of this.known) {
      if (regions === undefined || !used.has(regions.column)) this.known.delete(key);
    }
    this.free.length = 0;
    const none = new Uint16Array(this.classes.count);
    this.columns.forEach((_, column) => {
      if (used.has(column)) return;
      this.free.push(column);
      this.columns[column] = none;
    });
    const sets = new Set([...this.known.values()].flatMap(({ distinction }) => distinction.large));
    for (const set of this.largeNumbers.keys()) if (!sets.has(set)) this.largeNumbers.delete(set);
  }

  private build(distinction: Distinction): Known {
    const { count } = this.classes;
    this.budget.spendSteps(count * (1 + distinction.large.length));
    const facts = this.facts(distinction);
    if (facts === undefined) return { distinction, regions: undefined };
    this.budget.spendBytes(2 * count);
    return { distinction, regions: { ...facts, column: this.newColumn(facts.of) } };
  }

  private newColumn(of: Uint16Array): number {
    const column = this.free.pop();
    if (column === undefined) return this.columns.push(of) - 1;
    this.columns[column] = of;
    return column;
  }

  private facts({ large, portsOf }: Distinction): RegionFacts | undefined {
    const { count, firstMember } = this.classes;
    const isClass = (cls: number) => cls < firstMember || this.classes.has(cls);
    let parts: ArrayLike<number> = renumbered(count, (cls) => {
      if (!isClass(cls)) return undefined;
      return cls < firstMember ? -1 : portsOf(this.classes.portsOf[cls] as number);
    });
    const masks = large.map((set) => this.mask(set).slice());
    for (const mask of masks) {
      const before = parts;
      parts = renumbered(count, (cls) => {
        return isClass(cls) ? (before[cls] as number) * 2 + (mask[cls] as number) : undefined;
      });
    }
    const samples: number[] = [];
    for (let cls = 0; cls < count; cls++) if (isClass(cls) && parts[cls] === samples.length) samples.push(cls);
    if (samples.length > REGIONS_MAX) return undefined;
    const within = new Map(large.map((set, i) => [this.large(set), samples.map((cls) => masks[i]?.[cls] === 1)]));
    return { of: Uint16Array.from(parts), samples, within };
  }

  /** Equal if each region means what it meant. */
  private meanings({ large, portsOf }: Distinction, { samples, within }: RegionFacts): string {
    return samples
      .map((cls, region) => {
        const side = cls < this.classes.firstMember ? -1 : portsOf(this.classes.portsOf[cls] as number);
        return [side, ...large.map((set) => (within.get(this.large(set))?.[region] ? 1 : 0))].join();
      })
      .join(" ");
  }

  private mask({ base, toggled }: ClassSet): Uint8Array {
    if (this.scratch.length !== this.classes.count) this.scratch = new Uint8Array(this.classes.count);
    this.scratch.fill((base & OUTSIDERS) !== 0 ? 1 : 0, 0, this.classes.firstMember);
    this.scratch.fill((base & MEMBERS) !== 0 ? 1 : 0, this.classes.firstMember);
    for (let i = 0; i < toggled.length; i++)
      this.scratch[toggled[i] as number] = 1 - (this.scratch[toggled[i] as number] as number);
    return this.scratch;
  }
}

/** Numbers from 0 in order of first appearance, equal where `key` is equal; 0 where it is undefined. */
function renumbered(count: number, key: (cls: number) => number | undefined): Uint32Array {
  const numbers = new Map<number, number>();
  return Uint32Array.from({ length: count }, (_, cls) => {
    const own = key(cls);
    if (own === undefined) return 0;
    const number = numbers.get(own) ?? numbers.size;
    numbers.set(own, number);
    return number;
  });
}
