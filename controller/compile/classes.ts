import type { Namespace, OverlayEndpoint } from "../model/resources.ts";
import type { AdmittedMember } from "./admission.ts";
import { Atoms } from "./atoms.ts";
import { type ClassSet, classSet, isSame, MEMBERS, otherMembers, split, toggle, without } from "./class-set.ts";
import { Differences } from "./differences.ts";
import { Groups } from "./groups.ts";
import type { ItemSet } from "./label-index.ts";
import type { PodSelection, Selections } from "./selections.ts";
import { Zones } from "./zones.ts";

/** What classes are made from. */
export interface ClassSource {
  readonly members: readonly AdmittedMember[];
  readonly namespaces: readonly Namespace[];
  /** Number of what an endpoint's port names mean. */
  readonly portsOf: (endpoint: OverlayEndpoint) => number;
  readonly selections: Selections;
}

/** More new selections or classes at once are as cheap from the beginning. */
const CHANGES_MOST = 64;
/** So much more than there was in the beginning, classes and groups are made anew. */
const GROWTH = 1.5;
const GROWTH_LEAST = 256;
/** Groups beyond those of the beginning are looked through one by one, which is cheap enough for some. */
const GROUPS_GROWTH = 4;

/**
 * Addresses in classes: the parts of the address space that no selection, block or port name tells apart. Zones of
 * outsiders come first, then members.
 *
 * With `update` they follow the world and keep their numbers. Classes that nothing tells apart any more stay apart: there
 * may be more than from the beginning, and they decide the same.
 */
export class Classes {
  /** Classes from here on are members'. */
  readonly firstMember: number;
  /** The number that named ports have, by class. */
  readonly portsOf: number[] = [];
  /** Changes when classes come or go. */
  version = 0;
  /** Member classes by selection. */
  readonly selected: (ClassSet | undefined)[] = [];
  /** Classes by block. */
  blocks: readonly ClassSet[] = [];
  private readonly groups: Groups;
  private readonly atoms: Atoms;
  /** Where the class of outsiders changes, ascending; the same list while zones are the same. */
  changes: ReturnType<Zones["changes"]> = [];
  private zones: Zones;
  /** The selections and blocks of `selected` and `blocks`. */
  private pods: readonly (PodSelection | undefined)[] = [];
  private ranges: Selections["allBlocks"] = [];
  private readonly places = new Map<AdmittedMember, Place>();
  private readonly differences = new Differences<AdmittedMember>();
  private readonly most: { readonly classes: number; readonly groups: number };

  /** `spare`: leaves numbers for zones that are yet to come. */
  constructor({ members, namespaces, portsOf, selections }: ClassSource, spare = false) {
    const pods = selections.allPods.filter((selection) => selection !== undefined);
    const endpoints = members.map(({ endpoint }) => endpoint);
    this.groups = new Groups(endpoints, namespaces, pods);
    this.zones = new Zones(selections.allBlocks);
    this.changes = this.zones.changes();
    this.firstMember = spare ? 2 * this.zones.count + GROWTH_LEAST : this.zones.count;
    const facts = members.flatMap(({ addresses, endpoint }, i) => {
      const [group, ports] = [this.groups.initial[i] as number, portsOf(endpoint)];
      return addresses.map((address) => ({ group, ports, zone: this.zones.at(address) }));
    });
    const picked = selections.allPods.map((selection) => selection && this.groups.select(selection));
    const sorted = [...facts].sort((a, b) => a.group - b.group || a.ports - b.ports || a.zone - b.zone);
    // Cutting all but a list of members off cuts the list off.
    this.atoms = new Atoms(
      sorted,
      picked.flatMap((set) => (set === undefined ? [] : [set.listed])),
      this.firstMember,
    );
    this.differences.next(members);
    let next = 0;
    for (const member of members) {
      const atoms = member.addresses.map(() => this.atoms.use(facts[next++] as (typeof facts)[number]).atom);
      this.places.set(member, { atoms });
    }
    for (let cls = 0; cls < this.count; cls++) this.portsOf.push(0);
    for (const { atoms } of this.places.values())
      for (const atom of atoms) this.portsOf[this.atoms.class(atom)] = this.atoms.of(atom).ports;
    picked.forEach((set, n) => {
      if (set !== undefined) this.selected[n] = this.setOf(set);
    });
    this.pods = [...selections.allPods];
    this.takeBlocks(selections);
    this.most = {
      classes: GROWTH * this.count + GROWTH_LEAST,
      groups: GROUPS_GROWTH * this.groups.count + GROWTH_LEAST,
    };
  }

  /** Classes have lower numbers; with `spare` and after updates not every number is of a class. */
  get count(): number {
    return this.atoms.limit;
  }

  /** Is somebody in a class of members? */
  has(cls: number): boolean {
    return this.atoms.has(cls);
  }

  /** The classes of a member's addresses. */
  of(member: AdmittedMember): number[] {
    return (this.places.get(member) as Place).atoms.map((atom) => this.atoms.class(atom));
  }

  /**
   * Follows the world; objects that are the same as before count as unchanged. False: so much has changed that classes
   * have to be made anew, and these are no good any more. What a port name means at a member that stays must not change.
   */
  update({ members, namespaces, portsOf, selections }: ClassSource): boolean {
    if (!this.groups.agrees(namespaces)) return false;
    const { version } = this;
    const fresh = this.takeSelections(selections);
    if (fresh.length > CHANGES_MOST || !this.takeZones(selections)) return false;
    for (const n of fresh) this.groups.learn(selections.allPods[n] as PodSelection);
    this.regroup();
    const { added, removed } = this.differences.next(members);
    const births: { cls: number; group: number }[] = [];
    for (const member of added) births.push(...this.place(member, portsOf(member.endpoint)));
    if (births.length > CHANGES_MOST) return false;
    if (births.length > 0) this.version++;
    for (const { cls, group } of births) this.enter(cls, group);
    this.drop(removed);
    for (const n of fresh) this.cut(n, selections.allPods[n] as PodSelection);
    if (version !== this.version || !isSameList(this.ranges, selections.allBlocks)) this.takeBlocks(selections);
    return this.count <= this.most.classes && this.groups.count <= this.most.groups;
  }

  /** Forgets selections that have gone; the numbers of those that are new. */
  private takeSelections({ allPods }: Selections): number[] {
    const fresh: number[] = [];
    for (let n = 0; n < Math.max(allPods.length, this.pods.length); n++) {
      if (allPods[n] === this.pods[n]) continue;
      this.selected[n] = undefined;
      if (allPods[n] !== undefined) fresh.push(n);
    }
    if (fresh.length > 0 || allPods.length !== this.pods.length) this.pods = [...allPods];
    return fresh;
  }

  /** Whether no member's address is told apart from another, or not any more, by blocks that came or went. */
  private takeZones({ allBlocks }: Selections): boolean {
    if (isSameList(this.ranges, allBlocks)) return true;
    this.zones = new Zones(allBlocks, this.zones);
    this.changes = this.zones.changes();
    if (this.zones.count > this.firstMember) return false;
    for (const [{ addresses }, { atoms }] of this.places) {
      const agree = addresses.every((address, i) => this.zones.at(address) === this.atoms.of(atoms[i] as number).zone);
      if (!agree) return false;
    }
    return true;
  }

  /** Moves members of which selections see more now to groups of their own, in the classes in which they are. */
  private regroup(): void {
    const { seesMore } = this.groups;
    if (seesMore === undefined) return;
    for (const [{ endpoint }, place] of this.places) {
      if (!seesMore(endpoint)) continue;
      const group = this.groups.of(endpoint);
      place.atoms = place.atoms.map((old) => {
        const { atom } = this.atoms.use({ ...this.atoms.of(old), group }, this.atoms.class(old));
        this.release(old);
        return atom;
      });
    }
    this.groups.settle();
  }

  /** Puts a new member where those are that nothing tells apart from it; classes that had to be made for it. */
  private place(member: AdmittedMember, ports: number): { cls: number; group: number }[] {
    const group = this.groups.of(member.endpoint);
    const births: { cls: number; group: number }[] = [];
    const atoms = member.addresses.map((address) => {
      const { atom, isNew } = this.atoms.use({ group, ports, zone: this.zones.at(address) });
      if (isNew) births.push({ cls: this.atoms.class(atom), group });
      this.portsOf[this.atoms.class(atom)] = ports;
      return atom;
    });
    this.places.set(member, { atoms });
    return births;
  }

  /** Puts a new class into the sets of the selections that match its group. */
  private enter(cls: number, group: number): void {
    this.selected.forEach((set, n) => {
      if (set === undefined) return;
      const isIn = this.groups.matches(this.pods[n] as PodSelection, group);
      if (isIn !== ((set.base & MEMBERS) !== 0)) this.selected[n] = toggle(set, cls);
    });
  }

  private drop(members: Iterable<AdmittedMember>): void {
    const dead = new Set<number>();
    for (const member of members) {
      for (const atom of (this.places.get(member) as Place).atoms) {
        const cls = this.release(atom);
        if (cls !== undefined) dead.add(cls);
      }
      this.places.delete(member);
    }
    if (dead.size === 0) return;
    this.version++;
    this.replaceSets((set) => without(set, dead));
  }

  private release(atom: number): number | undefined {
    const dead = this.atoms.release(atom);
    const { group } = this.atoms.of(atom);
    if (this.atoms.isEmpty(group)) this.groups.remove(group);
    return dead;
  }

  /** Parts classes that a new selection holds in part. */
  private cut(n: number, selection: PodSelection): void {
    const set = this.groups.select(selection);
    const offs = new Map(this.atoms.cut(set.listed).map(({ part, off }) => [part, off]));
    for (const [part, off] of offs) this.portsOf[off] = this.portsOf[part] as number;
    if (offs.size > 0) {
      this.version++;
      this.replaceSets((other) => split(other, offs));
    }
    this.selected[n] = this.setOf(set);
  }

  private replaceSets(replace: (set: ClassSet) => ClassSet): void {
    this.selected.forEach((set, n) => {
      if (set !== undefined) this.selected[n] = replace(set);
    });
  }

  /** A set that is the same as before stays the same object. */
  private takeBlocks({ allBlocks }: Selections): void {
    const byZone = this.atoms.byZone();
    this.blocks = allBlocks.map((ranges, n) => {
      const zones = this.zones.of(ranges ?? []).sort((a, b) => a - b);
      const members = [...new Set(zones.flatMap((zone) => byZone.get(zone) ?? []))].sort((a, b) => a - b);
      const set = this.setOfClasses([...zones, ...members]);
      const before = this.blocks[n];
      return before !== undefined && isSame(before, set) ? before : set;
    });
    this.ranges = [...allBlocks];
  }

  private setOf({ others, listed }: ItemSet): ClassSet {
    const classes = this.atoms.classesOf(listed);
    return others ? otherMembers(classes) : this.setOfClasses(classes);
  }

  private setOfClasses(classes: readonly number[]): ClassSet {
    return classSet(classes, this.firstMember, this.count, (cls) => this.has(cls));
  }
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

/** Where a member is: the atoms of its addresses. */
interface Place {
  atoms: readonly number[];
}
