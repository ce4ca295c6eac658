import type { Namespace, OverlayEndpoint } from "../model/resources.ts";
import { type ClassSet, classSet, otherMembers } from "./class-set.ts";
import { Groups } from "./groups.ts";
import type { ItemSet } from "./label-index.ts";
import { Partition } from "./partition.ts";
import { type AddressRange, Segments } from "./ranges.ts";
import type { Selections } from "./selections.ts";

/** A member address, its endpoint by index. */
export interface MemberAddress {
  readonly endpoint: number;
  readonly address: bigint;
}

/**
 * Addresses in classes: the parts of the address space that no selection, block or port name tells apart. Built from
 * atoms: 0 an outsider in no block at all, then the segments of outsiders, then the kinds of members.
 */
export class Classes {
  readonly count: number;
  /** Classes from here on are members'. */
  readonly firstMember: number;
  /** The class of each member address given at construction. */
  readonly ofAddress: Int32Array;
  /** The number that named ports have, by class. */
  readonly portsOf: Int32Array;
  /** Where the class of outsiders changes, ascending. */
  readonly changes: readonly { readonly first: bigint; readonly class: number }[];
  /** Member classes by selection. */
  readonly selected: readonly ClassSet[];
  /** Classes by block. */
  readonly blocks: readonly ClassSet[];

  constructor(
    endpoints: readonly OverlayEndpoint[],
    namespaces: readonly Namespace[],
    addresses: readonly MemberAddress[],
    portsOfEndpoint: Int32Array,
    selections: Selections,
  ) {
    const groups = new Groups(endpoints, namespaces, selections.allPods);
    const segments = new Segments(selections.allBlocks.flat());
    const atoms = new Atoms(groups, segments, addresses, portsOfEndpoint);
    const picked = selections.allPods.map((selection) => groups.select(selection));
    const covered = selections.allBlocks.map((ranges) => atoms.inRanges(ranges));
    const classOf = classify(atoms, picked, covered);

    this.count = 1 + classOf.reduce((most, cls) => Math.max(most, cls), 0);
    this.firstMember = 1 + classOf.subarray(0, atoms.firstMember).reduce((most, cls) => Math.max(most, cls), 0);
    this.ofAddress = atoms.ofAddress.map((atom) => classOf[atom] as number);
    this.portsOf = new Int32Array(this.count);
    classOf.forEach((cls, atom) => {
      this.portsOf[cls] = atoms.portsOf(atom);
    });
    this.changes = changesOf(segments, classOf);
    const distinct = new DistinctClasses(classOf, this.count);
    const setOf = (listed: readonly number[]) => classSet(distinct.of(listed), this.firstMember, this.count);
    this.selected = picked.map(({ others, listed }) => {
      return others ? otherMembers(distinct.of(atoms.ofGroups(listed))) : setOf(atoms.ofGroups(listed));
    });
    this.blocks = covered.map(setOf);
  }
}

/** The finest pieces: addresses of one atom agree in group, named ports and segment. */
class Atoms {
  readonly firstMember: number;
  readonly count: number;
  readonly ofAddress: Int32Array;
  private readonly ports: number[] = [];
  /** First atom of each group, and the end. */
  private readonly groupStarts: Int32Array;
  /** Member atoms of each segment. */
  private readonly ofSegment: number[][];

  constructor(
    groups: Groups,
    private readonly segments: Segments,
    addresses: readonly MemberAddress[],
    portsOf: Int32Array,
  ) {
    this.firstMember = 1 + segments.starts.length;
    this.ofAddress = new Int32Array(addresses.length);
    this.groupStarts = new Int32Array(groups.count + 1);
    this.ofSegment = segments.starts.map(() => []);
    const facts = addresses.map(({ endpoint, address }, i) => {
      return {
        i,
        group: groups.of[endpoint] as number,
        ports: portsOf[endpoint] as number,
        segment: segments.at(address),
      };
    });
    facts.sort((a, b) => a.group - b.group || a.ports - b.ports || a.segment - b.segment);
    let last: (typeof facts)[number] | undefined;
    let atom = this.firstMember - 1;
    for (const fact of facts) {
      if (fact.group !== last?.group || fact.ports !== last.ports || fact.segment !== last.segment) {
        atom++;
        if (fact.group !== last?.group) this.groupStarts[fact.group] = atom;
        this.ports.push(fact.ports);
        (this.ofSegment[fact.segment] as number[]).push(atom);
      }
      this.ofAddress[fact.i] = atom;
      last = fact;
    }
    this.count = atom + 1;
    this.groupStarts[groups.count] = this.count;
  }

  portsOf(atom: number): number {
    return atom < this.firstMember ? 0 : (this.ports[atom - this.firstMember] as number);
  }

  ofGroups(groups: Uint32Array): number[] {
    const atoms: number[] = [];
    for (const group of groups) {
      const end = this.groupStarts[group + 1] as number;
      for (let atom = this.groupStarts[group] as number; atom < end; atom++) atoms.push(atom);
    }
    return atoms;
  }

  /** Outsiders' and members' atoms in ranges that segments were made from. */
  inRanges(ranges: readonly AddressRange[]): number[] {
    const atoms: number[] = [];
    for (const range of ranges) {
      const [from, to] = this.segments.span(range);
      for (let segment = from; segment < to; segment++) {
        atoms.push(1 + segment);
        for (const atom of this.ofSegment[segment] as number[]) atoms.push(atom);
      }
    }
    return atoms;
  }
}

/** The class of each atom, numbered in the order of atoms. */
function classify(atoms: Atoms, picked: readonly ItemSet[], covered: readonly (readonly number[])[]): Int32Array {
  const first = Int32Array.from({ length: atoms.count }, (_, atom) =>
    atom < atoms.firstMember ? 0 : 1 + atoms.portsOf(atom),
  );
  const partition = new Partition(first);
  // Cutting all but a list of members off cuts the list off: outsiders were apart from the start.
  for (const { listed } of picked) partition.cut(atoms.ofGroups(listed));
  for (const block of covered) partition.cut(block);
  const numbers = new Map<number, number>();
  return partition.parts.map((part) => {
    const number = numbers.get(part) ?? numbers.size;
    numbers.set(part, number);
    return number;
  });
}

function changesOf(segments: Segments, classOf: Int32Array): { first: bigint; class: number }[] {
  const changes: { first: bigint; class: number }[] = [];
  segments.starts.forEach((first, segment) => {
    const cls = classOf[1 + segment] as number;
    if (cls !== (changes.at(-1)?.class ?? 0)) changes.push({ first, class: cls });
  });
  return changes;
}

/** Turns lists of atoms that are whole classes into lists of classes, ascending. */
class DistinctClasses {
  private readonly seen: Int32Array;
  private round = 0;

  constructor(
    private readonly classOf: Int32Array,
    count: number,
  ) {
    this.seen = new Int32Array(count);
  }

  of(atoms: readonly number[]): number[] {
    this.round++;
    const classes: number[] = [];
    for (const atom of atoms) {
      const cls = this.classOf[atom] as number;
      if (this.seen[cls] === this.round) continue;
      this.seen[cls] = this.round;
      classes.push(cls);
    }
    return classes.sort((a, b) => a - b);
  }
}
