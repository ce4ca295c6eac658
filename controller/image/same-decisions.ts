import { AUDIT_RULE_SHIFT, NONE } from "../../assembly/wire/image.ts";
import type { ClassedAddress, CompiledEndpoint, CompiledPolicy, OutsiderRange } from "../compile/compiled.ts";
import { listFor } from "../compile/table-lists.ts";
import { type ClassRows, INTERVAL_WORDS, type Row, type VerdictTable } from "../compile/verdict-table.ts";
import { hexId } from "../model/hex.ts";

/**
 * Says which nodes would decide the same by the image of one policy as by that of another, rule names included. Such a
 * node can keep the image that it has, though numbers of classes and rows in the other are different.
 */
export class SameDecisions {
  /** Everything but the verdicts is the same for endpoints; for gateways also identities. */
  readonly #forEndpoints: boolean;
  readonly #forGateways: boolean;
  /** Which classes after the change hold addresses of a class before, and the other way round. */
  readonly #after = new Pairs();
  readonly #before = new Pairs();
  /** Classes whose addresses aren't all in the class of the same number. */
  readonly #moved: readonly (readonly [before: number, after: number])[];
  readonly #rows = new Map<number, boolean>();
  readonly #lists = new Map<number, boolean>();
  readonly #columns = new Map<string, readonly number[]>();
  readonly #isOneLineage: boolean;
  #all: boolean | undefined;

  constructor(
    private readonly old: CompiledPolicy,
    private readonly now: CompiledPolicy,
  ) {
    this.#isOneLineage = old.table.lineage === now.table.lineage;
    const isMemberSame = this.#pairMembers();
    this.#pairRanges(old.ranges, now.ranges);
    this.#moved = this.#after.all().filter(([before, after]) => before !== after);
    this.#forEndpoints = isMemberSame !== "no" && frameOf(old) === frameOf(now);
    this.#forGateways = this.#forEndpoints && isMemberSame === "yes";
  }

  /** For a node that both policies have. */
  endpoint(old: CompiledEndpoint, now: CompiledEndpoint): boolean {
    if (!this.#forEndpoints) return false;
    return old.addresses.every(({ class: cls }, i) => this.#class(cls, now.addresses[i]?.class ?? NONE));
  }

  gateways(): boolean {
    this.#all ??= this.#forGateways && this.#after.all().every(([before, after]) => this.#class(before, after));
    return this.#all;
  }

  #class(old: number, now: number): boolean {
    const [before, after] = [this.old.table.classes[old], this.now.table.classes[now]];
    if (before === undefined || after === undefined) return false;
    return SIDES.every((side) => this.#row(before[side], after[side]));
  }

  #row(old: number, now: number): boolean {
    if (old === NONE || now === NONE) return old === now;
    const key = old * this.now.table.rows.length + now;
    const known =
      this.#rows.get(key) ?? this.#compareRows(this.old.table.rows[old] as Row, this.now.table.rows[now] as Row);
    this.#rows.set(key, known);
    return known;
  }

  /** Compares where rows can differ: regions, then classes that either row tells apart or that are others now. */
  #compareRows(old: Row, now: Row): boolean {
    const same = (before: number, after: number) => {
      return this.#list(listFor(this.old.table, old, before), listFor(this.now.table, now, after));
    };
    const differing = this.#differingClasses(old, now);
    if (differing === undefined) return this.#after.all().every(([before, after]) => same(before, after));
    for (const cls of differing) if (!this.#after.of(cls).every((after) => same(cls, after))) return false;
    const isSame = old === now && this.#isOneLineage;
    if (isSame) return this.#moved.every(([before, after]) => same(before, after));
    for (const cls of old.classes) if (!this.#after.of(cls).every((after) => same(cls, after))) return false;
    for (const cls of now.classes) if (!this.#before.of(cls).every((before) => same(before, cls))) return false;
    return this.#moved.every(([before, after]) => same(before, after));
  }

  /**
   * Classes besides exceptions and those that moved for which the rows may differ; undefined: any.
   */
  #differingClasses(old: Row, now: Row): readonly number[] | undefined {
    if (old.count !== now.count) return undefined;
    const list = ({ portSets }: VerdictTable, { portSet }: Row, i: number) => portSets[portSet + i] as number;
    for (let i = 0; i < old.count; i++)
      if (!this.#list(list(this.old.table, old, i), list(this.now.table, now, i))) return undefined;
    if (old.column === undefined || now.column === undefined) return old.column === now.column ? [] : undefined;
    const key = `${old.column} ${now.column}`;
    const known = this.#columns.get(key) ?? this.#compareColumns(old.column, now.column);
    this.#columns.set(key, known);
    return known;
  }

  /** Classes beyond the shorter column have come or gone, and are looked at one by one. */
  #compareColumns(old: number, now: number): readonly number[] {
    const [before, after] = [this.old.table.columns[old], this.now.table.columns[now]];
    if (before === after || before === undefined || after === undefined) return [];
    const differing: number[] = [];
    for (let cls = 0; cls < Math.min(before.length, after.length); cls++)
      if (before[cls] !== after[cls]) differing.push(cls);
    return differing;
  }

  #list(old: number, now: number): boolean {
    if (old === now && this.#isOneLineage) return true;
    const key = old * this.now.table.lists.length + now;
    const known = this.#lists.get(key) ?? this.#compareLists(old, now);
    this.#lists.set(key, known);
    return known;
  }

  #compareLists(old: number, now: number): boolean {
    const [a, b] = [this.old.table, this.now.table];
    const [from, to] = [a.lists[old] as number, b.lists[now] as number];
    const length = (a.lists[old + 1] as number) - from;
    if (length !== (b.lists[now + 1] as number) - to) return false;
    for (let i = 0; i < length; i++)
      if (!this.#sameInterval((from + i) * INTERVAL_WORDS, (to + i) * INTERVAL_WORDS)) return false;
    return true;
  }

  #sameInterval(old: number, now: number): boolean {
    const [a, b] = [this.old.table, this.now.table];
    const same = (word: number) => a.intervals[old + word] === b.intervals[now + word];
    if (!same(0) || !same(2)) return false;
    const [before, after] = [a.intervals[old + 3] as number, b.intervals[now + 3] as number];
    if ((before & BELOW_AUDIT_RULE) !== (after & BELOW_AUDIT_RULE)) return false;
    const sameRule = (x: number, y: number) => a.rules[x] === b.rules[y];
    const [auditBefore, auditAfter] = [before >>> AUDIT_RULE_SHIFT, after >>> AUDIT_RULE_SHIFT];
    if (auditBefore + auditAfter > 0 && !sameRule(auditBefore, auditAfter)) return false;
    return sameRule(a.intervals[old + 1] as number, b.intervals[now + 1] as number);
  }

  /** Pairs classes of members' addresses. No: addresses or their nodes differ; they alone: identities do. */
  #pairMembers(): "yes" | "identities" | "no" {
    if (this.old.endpoints.length !== this.now.endpoints.length) return "no";
    let sameIdentities = true;
    for (let i = 0; i < this.old.endpoints.length; i++) {
      const [old, now] = [this.old.endpoints[i] as CompiledEndpoint, this.now.endpoints[i] as CompiledEndpoint];
      if (old !== now && !isSameNode(old, now)) return "no";
      if (old.endpoint.identity !== now.endpoint.identity) sameIdentities = false;
      for (const [a, address] of old.addresses.entries())
        this.#pair(address.class, (now.addresses[a] as ClassedAddress).class);
    }
    return sameIdentities ? "yes" : "identities";
  }

  #pairRanges(old: readonly OutsiderRange[], now: readonly OutsiderRange[]): void {
    this.#pair(0, 0);
    let [before, after, i, j] = [0, 0, 0, 0];
    while (i < old.length || j < now.length) {
      const order = compareFirst(old[i], now[j]);
      if (order <= 0) before = (old[i++] as OutsiderRange).class;
      if (order >= 0) after = (now[j++] as OutsiderRange).class;
      this.#pair(before, after);
    }
  }

  #pair(before: number, after: number): void {
    this.#after.add(before, after);
    this.#before.add(after, before);
  }
}

const SIDES: readonly (keyof ClassRows)[] = ["egress", "ingress", "farIngress", "farEgress"];

const BELOW_AUDIT_RULE = (1 << AUDIT_RULE_SHIFT) - 1;

/** A relation between numbers. */
class Pairs {
  private readonly lists: number[][] = [];

  add(from: number, to: number): void {
    const list = this.lists[from];
    if (list === undefined) this.lists[from] = [to];
    else if (!list.includes(to)) list.push(to);
  }

  of(from: number): readonly number[] {
    return this.lists[from] ?? [];
  }

  all(): (readonly [number, number])[] {
    return this.lists.flatMap((list, from) => list.map((to) => [from, to] as const));
  }
}

/** What images hold besides keys, members and verdicts. */
function frameOf({ overlay, gateways, paths, loopbackMembers, table }: CompiledPolicy): string {
  const { id, interception, keys } = overlay;
  const known = gateways.map((gateway) => [hexId(gateway.id), gateway.gateway.identity]);
  return JSON.stringify([
    id,
    interception,
    keys.epochSeconds,
    keys.keyGeneration,
    loopbackMembers,
    known,
    paths,
    table.rules[0],
  ]);
}

function isSameNode(a: CompiledEndpoint, b: CompiledEndpoint): boolean {
  if (!isEqual(a.id, b.id) || a.addresses.length !== b.addresses.length) return false;
  return a.addresses.every(({ address }, i) => isEqual(address, b.addresses[i]?.address as Uint8Array));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Below 0: `a` begins first; a range that isn't there begins after all. */
function compareFirst(a: OutsiderRange | undefined, b: OutsiderRange | undefined): number {
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  for (let i = 0; i < 16; i++) if (a.first[i] !== b.first[i]) return (a.first[i] as number) - (b.first[i] as number);
  return 0;
}
