import { type Cut, Partition } from "./partition.ts";

/** What addresses of one atom agree in: the finest pieces that classes are made of. */
export interface AtomFacts {
  readonly group: number;
  /** Number of what named ports mean. */
  readonly ports: number;
  readonly zone: number;
}

/** Pieces of classes of members, counted by address. */
export class Atoms {
  private readonly numbers = new Map<string, number>();
  private readonly facts: AtomFacts[] = [];
  private readonly uses: number[] = [];
  private readonly ofGroup: number[][] = [];
  private readonly classes: Partition;

  /**
   * `facts`: of each address, sorted by group, ports and zone. `cuts`: groups that are to be apart from the others.
   * Classes are numbered from `firstClass`, in the order of atoms.
   */
  constructor(facts: readonly AtomFacts[], cuts: readonly ArrayLike<number>[], firstClass: number) {
    for (const fact of facts) this.numbers.get(keyOf(fact)) ?? this.add(fact);
    const known = new Map<string, number>();
    const partition = new Partition(this.facts.map(({ ports, zone }) => numberIn(known, `${ports} ${zone}`)));
    for (const groups of cuts) partition.cut(this.inGroups(groups));
    const numbers = new Map<number, number>();
    const compact = partition.parts.map((part) => firstClass + numberIn(numbers, part));
    this.classes = new Partition(compact, firstClass);
  }

  /** Classes have lower numbers. */
  get limit(): number {
    return this.classes.limit;
  }

  has(cls: number): boolean {
    return this.classes.has(cls);
  }

  class(atom: number): number {
    return this.classes.parts[atom] as number;
  }

  of(atom: number): AtomFacts {
    return this.facts[atom] as AtomFacts;
  }

  /** Counts one more address of the atom with these facts, which is made if there is none: in a class, or one of its own. */
  use(facts: AtomFacts, cls?: number): { readonly atom: number; readonly isNew: boolean } {
    const known = this.numbers.get(keyOf(facts));
    const atom = known ?? this.add(facts);
    if (known === undefined) this.classes.add(cls);
    this.uses[atom] = (this.uses[atom] as number) + 1;
    return { atom, isNew: known === undefined };
  }

  /** Counts one address less; the class that nobody is in any more, if there is one now. */
  release(atom: number): number | undefined {
    this.uses[atom] = (this.uses[atom] as number) - 1;
    if (this.uses[atom] !== 0) return undefined;
    const facts = this.of(atom);
    const cls = this.class(atom);
    this.numbers.delete(keyOf(facts));
    this.ofGroup[facts.group] = this.inGroup(facts.group).filter((other) => other !== atom);
    return this.classes.remove(atom) ? cls : undefined;
  }

  isEmpty(group: number): boolean {
    return this.inGroup(group).length === 0;
  }

  /** Parts the classes in which some groups are from the others in them. */
  cut(groups: ArrayLike<number>): Cut[] {
    return this.classes.cut(this.inGroups(groups));
  }

  /** The classes in which groups are, ascending. */
  classesOf(groups: ArrayLike<number>): number[] {
    return distinctSorted(this.inGroups(groups).map((atom) => this.class(atom)));
  }

  /** The classes in each zone, ascending. */
  byZone(): ReadonlyMap<number, readonly number[]> {
    const zones = new Map<number, number[]>();
    for (const atom of this.numbers.values()) {
      const { zone } = this.of(atom);
      const classes = zones.get(zone);
      if (classes === undefined) zones.set(zone, [this.class(atom)]);
      else classes.push(this.class(atom));
    }
    return new Map([...zones].map(([zone, classes]) => [zone, distinctSorted(classes)]));
  }

  private inGroup(group: number): readonly number[] {
    return this.ofGroup[group] ?? [];
  }

  private inGroups(groups: ArrayLike<number>): number[] {
    const atoms: number[] = [];
    for (let i = 0; i < groups.length; i++) for (const atom of this.inGroup(groups[i] as number)) atoms.push(atom);
    return atoms;
  }

  private add(facts: AtomFacts): number {
    const atom = this.facts.push(facts) - 1;
    this.numbers.set(keyOf(facts), atom);
    this.uses.push(0);
    const others = this.ofGroup[facts.group];
    if (others === undefined) this.ofGroup[facts.group] = [atom];
    else others.push(atom);
    return atom;
  }
}

function keyOf({ group, ports, zone }: AtomFacts): string {
  return `${group} ${ports} ${zone}`;
}

function numberIn<K>(numbers: Map<K, number>, key: K): number {
  const number = numbers.get(key) ?? numbers.size;
  numbers.set(key, number);
  return number;
}

function distinctSorted(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
