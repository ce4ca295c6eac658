import type { Overlay } from "../model/resources.ts";
import { Answers } from "./answers.ts";
import type { Budget } from "./budget.ts";
import { type Claim, Claims } from "./claims.ts";
import { type ClassSet, EVERYBODY } from "./class-set.ts";
import type { Classes } from "./classes.ts";
import { Covering } from "./covering.ts";
import { FarPaths } from "./far-paths.ts";
import { IntervalLists } from "./interval-lists.ts";
import { type NamedPorts, portNamesOf } from "./named-ports.ts";
import { RegionMaps, type Regions } from "./regions.ts";
import { RowStore } from "./row-store.ts";
import { type Clause, type Direction, Effect, type Statement, Tier } from "./statement.ts";
import type { ClassRows, VerdictTable } from "./verdict-table.ts";

/** What the statements that select some classes come to. */
export interface Selected {
  readonly clauses: readonly Clause[];
  /** For peers and ports that no clause covers, each after the clauses of its tier; the last one is enforced. */
  readonly rest: readonly Claim[];
  /** Ingress rules name ports, which are the subject's own. */
  readonly ownPorts: boolean;
}

export interface MadeRow {
  readonly number: number;
  /** Undefined: the row is closed. */
  readonly regions: Regions | undefined;
}

const NO_CLASSES = new Uint32Array(0);

/** Makes rows, each once. */
export class Rows {
  readonly store: RowStore;
  readonly maps: RegionMaps;
  private covering: Covering;
  private readonly lists: IntervalLists;
  private readonly claims: Claims;
  /** The answer where no policy selects, the first of them rule 0. */
  private readonly standard: readonly Claim[];
  /** Rows had to be closed because the budget doesn't reach for them. */
  truncated = false;

  constructor(
    private readonly classes: Classes,
    private readonly ports: NamedPorts,
    private readonly overlay: Pick<Overlay, "isolation" | "enforcement">,
    private readonly budget: Budget,
  ) {
    this.store = new RowStore(budget);
    this.maps = new RegionMaps(classes, budget);
    this.covering = new Covering(classes, this.maps, budget);
    this.lists = new IntervalLists(budget);
    this.claims = new Claims(ports);
    this.standard = this.standardClaims();
  }

  /** Follows classes that came or went. */
  refresh(): void {
    this.maps.refresh();
    this.covering = new Covering(this.classes, this.maps, this.budget);
  }

  withFarPaths(classes: readonly ClassRows[], budget: Budget): ClassRows[] {
    return new FarPaths(this.store, this.maps, this.lists, budget).added(classes);
  }

  /** A table of these rows, which stays as it is. */
  table(classes: readonly ClassRows[]): VerdictTable {
    return {
      lineage: this.store,
      classes,
      rows: [...this.store.rows],
      columns: [...this.maps.columns],
      portSets: this.store.portSets.all().slice(),
      lists: this.lists.lists.slice(),
      intervals: this.lists.intervals.all().slice(),
      rules: [...this.claims.rules],
    };
  }

  /** Entries of all lists that only grow. */
  get size(): number {
    return (
      this.store.portSets.length + this.lists.lists.length + this.lists.intervals.length + this.claims.rules.length
    );
  }

  /** Nobody's policy speaks for outsiders: their side is open towards members and closed among themselves. */
  outsiders(): number {
    const [closed, open] = [Effect.Deny, Effect.Allow].map((effect) => this.claims.all(effect, "outside the overlay"));
    const regions = this.maps.regions([], "") as Regions;
    const isOutsider = (cls: number) => cls < this.classes.firstMember;
    const lists = regions.samples.map((cls) => this.lists.number([(isOutsider(cls) ? closed : open) as Claim]));
    return this.store.number({ regions, lists, apart: NO_CLASSES, listsApart: NO_CLASSES });
  }

  /** What statements come to, in the order in which they are asked. */
  selected(direction: Direction, heard: readonly Statement[]): Selected {
    const rest = this.rest(heard);
    const last = (rest.at(-1) as Claim).tier;
    const clauses = heard.filter(({ tier }) => tier <= last).flatMap((statement) => statement.clauses);
    this.budget.spendSteps(heard.length + clauses.length);
    return { clauses, rest, ownPorts: direction === "ingress" && clauses.some(({ named }) => named) };
  }

  /** NetworkPolicy decides about those whom one isolates; about others it is the tiers below and the overlay's default. */
  private rest(statements: readonly Statement[]): readonly Claim[] {
    const isolating = statements.filter(({ isolates }) => isolates);
    const enforced = isolating.find((statement) => !this.isAudited(statement));
    if (enforced !== undefined) return [this.claims.all(Effect.Deny, enforced.name, Tier.Network)];
    const [audited] = isolating;
    if (audited === undefined) return this.standard;
    return [this.claims.all(Effect.Deny, audited.name, Tier.Network, true), ...this.standard];
  }

  /** In an overlay that audits, what policies say is audited, and all that isn't unreadable passes. */
  private standardClaims(): Claim[] {
    const { isolation, enforcement } = this.overlay;
    const audits = enforcement === "Audit";
    const [effect, rule] = isolation === "Kubernetes" ? [Effect.Allow, "default allow"] : [Effect.Deny, "default deny"];
    const standard = this.claims.all(effect as Effect, rule as string, Tier.Default, audits);
    return audits ? [standard, this.claims.all(Effect.Allow, "audited overlay")] : [standard];
  }

  private isAudited({ audited, tier }: Pick<Statement, "audited" | "tier">): boolean {
    return audited || (this.overlay.enforcement === "Audit" && tier !== Tier.Unreadable);
  }

  private claimsOf(covering: readonly Clause[], ports: number, rest: readonly Claim[]): Claim[] {
    const claims = covering.map((clause) => {
      const claim = this.claims.of(clause, ports);
      return this.isAudited(clause) && !claim.audited ? { ...claim, audited: true } : claim;
    });
    const all = [...claims, ...rest];
    return rest.length === 1 ? all : all.sort((a, b) => a.tier - b.tier);
  }

  /** The row for a class, and for all that are selected alike. */
  row(direction: Direction, { clauses, rest }: Selected, subject: number): MadeRow {
    const peers = clauses.map((clause) => this.peersOf(clause));
    // A named port is the destination's: for ingress the subject's, for egress the peer's.
    const portsOf = (peer: number) => this.classes.portsOf[direction === "ingress" ? subject : peer] as number;
    const regions = this.regions(peers, direction === "egress" ? clauses : []);
    if (regions === undefined) return { number: this.closed(), regions };
    this.covering.reset(regions);
    for (let c = 0; c < peers.length && !this.budget.spent; c++) this.covering.mark(peers[c] as ClassSet[], c);
    const answers = new Answers(this.covering, clauses, this.budget, (covering, ports) => {
      return this.lists.number(this.claimsOf(covering, ports, rest));
    });
    const lists = regions.samples.map((cls, region) => answers.of(this.covering.nodeOfRegion(region), portsOf(cls)));
    const apart = this.covering.apart.slice().sort();
    const listsApart = apart.map((cls) => answers.of(this.covering.node(cls), portsOf(cls)));
    const number = this.budget.spent ? this.closed() : this.store.number({ regions, lists, apart, listsApart });
    return { number, regions };
  }

  private peersOf({ everyone, pods, blocks }: Clause): ClassSet[] {
    if (everyone) return [EVERYBODY];
    const { selected, blocks: covered } = this.classes;
    const sets = pods.map((number) => selected[number] as ClassSet);
    return [...sets, ...blocks.map((number) => covered[number] as ClassSet)];
  }

  /**
   * Regions that every clause covers whole or not at all, but for the classes that its peers toggle, and in which the
   * names of `clauses` mean the same ports.
   */
  private regions(peers: readonly (readonly ClassSet[])[], clauses: readonly Clause[]): Regions | undefined {
    const isLarge = (set: ClassSet) => this.maps.large(set) >= 0;
    const coversRegions = (c: number) => peers[c]?.some((set) => set.base !== 0 || isLarge(set)) ?? false;
    const names = portNamesOf(clauses.filter(({ named }, c) => named && coversRegions(c)));
    const large = peers.flat().filter(isLarge);
    if (names.length === 0) return this.maps.regions(large, "");
    let numbers = this.ports.numbersFor(names);
    return this.maps.regions(large, names.join(), (number) => {
      if (number >= numbers.length) numbers = this.ports.numbersFor(names);
      return numbers[number] as number;
    });
  }

  closed(): number {
    this.truncated = true;
    return this.shut("policies too large for one overlay");
  }

  /** A row that denies everything. */
  shut(rule: string): number {
    const list = this.lists.closed(this.claims.all(Effect.Deny, rule));
    const regions = this.maps.regions([], "") as Regions;
    return this.store.number({
      regions,
      lists: regions.samples.map(() => list),
      apart: NO_CLASSES,
      listsApart: NO_CLASSES,
    });
  }
}
