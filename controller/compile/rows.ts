import { Action } from "../../assembly/wire/image.ts";
import type { Isolation } from "../model/resources.ts";
import type { Budget } from "./budget.ts";
import { type ClassSet, EVERYBODY } from "./class-set.ts";
import type { Classes } from "./classes.ts";
import type { Clause, NumberedPorts, Statement, Statements } from "./clauses.ts";
import { Covering } from "./covering.ts";
import { GrowingU32 } from "./growing.ts";
import { type Claim, IntervalLists } from "./interval-lists.ts";
import type { NamedPorts } from "./named-ports.ts";
import { RegionMaps, type Regions } from "./regions.ts";
import { Subsets } from "./subsets.ts";
import type { ClassRows, Row, VerdictTable } from "./verdict-table.ts";

type Direction = "ingress" | "egress";

/**
 * The rows of every class: members' by the policies that select them, outsiders' open towards members. Rows for which
 * the budget doesn't reach are closed.
 */
export function verdictTable(
  classes: Classes,
  statements: Statements,
  ports: NamedPorts,
  isolation: Isolation,
  budget: Budget,
): VerdictTable {
  const rows = new Rows(classes, ports, isolation, budget);
  const outsiders = rows.outsiders();
  const egress = rows.side("egress", statements.egress);
  const ingress = rows.side("ingress", statements.ingress);
  const byClass = Array.from({ length: classes.count }, (_, cls): ClassRows => {
    if (cls < classes.firstMember) return { egress: outsiders, ingress: outsiders };
    return { egress: egress(cls), ingress: ingress(cls) };
  });
  return rows.table(byClass);
}

/** Bytes that an exception takes in an image: a 12-byte slot of a table that is on average half full. */
const EXCEPTION_BYTES = 24;
const PORT_SET_BYTES = 8;
const TOO_LARGE = "policies too large for one overlay";

class Rows {
  private readonly all: Row[] = [];
  private readonly maps: RegionMaps;
  private readonly covering: Covering;
  private readonly lists = new IntervalLists();
  /** The interval list of each port set. */
  private readonly portSets = new GrowingU32();
  /** The port set that exceptions and rows without columns share, by interval list. */
  private readonly shared = new Map<number, number>();
  private readonly rules: string[] = [];
  private readonly ruleNumbers = new Map<string, number>();
  private readonly clauseRules = new Map<Clause, number>();
  /** The answer where no policy selects: rule 0. */
  private readonly standard: Claim;
  private closed: number | undefined;

  constructor(
    private readonly classes: Classes,
    private readonly ports: NamedPorts,
    isolation: Isolation,
    private readonly budget: Budget,
  ) {
    this.maps = new RegionMaps(classes, budget);
    this.covering = new Covering(classes, this.maps, budget);
    const open = isolation === "Kubernetes";
    this.standard = this.decided(open ? Action.Allow : Action.Deny, open ? "default allow" : "default deny");
  }

  table(classes: readonly ClassRows[]): VerdictTable {
    const { lists, intervals } = this.lists;
    const { columns } = this.maps;
    return {
      classes,
      rows: this.all,
      columns,
      portSets: this.portSets.all(),
      lists,
      intervals: intervals.all(),
      rules: this.rules,
    };
  }

  /** The row of each member class in a direction. */
  side(direction: Direction, statements: readonly Statement[]): (cls: number) => number {
    const selecting = new Subsets(this.classes.count, this.budget);
    statements.forEach(({ subject }, s) => {
      selecting.mark(this.classes.selected[subject] as ClassSet, s);
    });
    const known = new Map<string, number>();
    return (cls) => {
      if (this.budget.spent) return this.closedRow();
      const node = selecting.node(cls);
      const key = direction === "ingress" ? `${node} ${this.classes.portsOf[cls]}` : `${node}`;
      const row =
        known.get(key) ??
        this.row(
          direction,
          selecting.list(node).map((s) => statements[s] as Statement),
          cls,
        );
      known.set(key, row);
      return row;
    };
  }

  /** Nobody's policy speaks for outsiders: their side is open towards members and closed among themselves. */
  outsiders(): number {
    const open = this.lists.number([this.decided(Action.Allow, "outside the overlay")]);
    const closed = this.lists.number([this.decided(Action.Deny, "outside the overlay")]);
    const regions = this.maps.regions([], "") as Regions;
    const lists = regions.samples.map((cls) => (cls < this.classes.firstMember ? closed : open));
    return this.add(regions, lists, new Uint32Array(0), []);
  }

  /** The row for pods that exactly these statements select; `subject` is one of their classes. */
  private row(direction: Direction, statements: readonly Statement[], subject: number): number {
    const clauses = statements.flatMap((statement) => statement.clauses);
    const peers = clauses.map((clause) => this.peersOf(clause));
    const isolating = statements[0];
    const last = isolating === undefined ? this.standard : this.decided(Action.Deny, isolating.name);
    // A named port is the destination's: for ingress the subject's, for egress the peer's.
    const portsOf =
      direction === "ingress"
        ? () => this.classes.portsOf[subject] as number
        : (cls: number) => this.classes.portsOf[cls] as number;
    const regions = this.regionsFor(clauses, peers, direction === "egress");
    if (regions === undefined) return this.closedRow();
    this.covering.reset(regions);
    peers.forEach((sets, c) => {
      this.covering.mark(sets, c);
    });
    const answers = new Answers(this.covering, clauses, (covering, ports) =>
      this.list(
        covering.map((clause) => this.claim(clause, ports)),
        last,
      ),
    );
    const lists = regions.samples.map((cls, region) => answers.of(this.covering.nodeOfRegion(region), portsOf(cls)));
    const apart = this.covering.apart.slice().sort();
    const listsApart = Array.from(apart, (cls) => answers.of(this.covering.node(cls), portsOf(cls)));
    return this.budget.spent ? this.closedRow() : this.add(regions, lists, apart, listsApart);
  }

  private peersOf({ everyone, pods, blocks }: Clause): ClassSet[] {
    if (everyone) return [EVERYBODY];
    const { selected, blocks: covered } = this.classes;
    return [
      ...pods.map((number) => selected[number] as ClassSet),
      ...blocks.map((number) => covered[number] as ClassSet),
    ];
  }

  /** Regions that every clause covers whole or not at all, but for the classes that its peers toggle. */
  private regionsFor(
    clauses: readonly Clause[],
    peers: readonly (readonly ClassSet[])[],
    byPeerPorts: boolean,
  ): Regions | undefined {
    const large = peers.flat().filter((set) => this.maps.large(set) >= 0);
    const varying = clauses.filter(
      ({ named }, c) => named && byPeerPorts && (peers[c] ?? []).some((set) => set.base !== 0 || large.includes(set)),
    );
    if (varying.length === 0) return this.maps.regions(large, "");
    const names = new Set(
      varying
        .flatMap(({ ports }) => ports ?? [])
        .flatMap((port) => ("name" in port ? `${port.name}/${port.protocol}` : [])),
    );
    const numbers = this.ports.numbersFor([...names].sort());
    return this.maps.regions(
      large,
      [...names].sort().join(),
      (cls) => numbers[this.classes.portsOf[cls] as number] as number,
    );
  }

  private add(regions: Regions, lists: readonly number[], apart: Uint32Array, listsApart: readonly number[]): number {
    const single = lists.every((list) => list === lists[0]);
    const portSet = single ? this.sharedPortSet(lists[0] as number) : this.portSets.length;
    if (!single) for (const list of lists) this.addPortSet(list);
    const kept = Array.from(apart, (_, i) => i).filter(
      (i) => listsApart[i] !== lists[regions.of[apart[i] as number] as number],
    );
    this.budget.spendBytes(kept.length * EXCEPTION_BYTES);
    const row: Row = {
      portSet,
      count: single ? 1 : lists.length,
      column: single ? undefined : regions.column,
      classes: Uint32Array.from(kept, (i) => apart[i] as number),
      portSets: Uint32Array.from(kept, (i) => this.sharedPortSet(listsApart[i] as number)),
    };
    return this.all.push(row) - 1;
  }

  private sharedPortSet(list: number): number {
    const portSet = this.shared.get(list) ?? this.addPortSet(list);
    this.shared.set(list, portSet);
    return portSet;
  }

  private addPortSet(list: number): number {
    this.budget.spendBytes(PORT_SET_BYTES);
    this.portSets.push(list);
    return this.portSets.length - 1;
  }

  private closedRow(): number {
    const list = () => this.lists.number([this.decided(Action.Deny, TOO_LARGE)]);
    this.closed ??=
      this.all.push({
        portSet: this.sharedPortSet(list()),
        count: 1,
        column: undefined,
        classes: new Uint32Array(0),
        portSets: new Uint32Array(0),
      }) - 1;
    return this.closed;
  }

  /** The list of intervals that claims make, before a last one for all that they leave. */
  private list(claims: readonly Claim[], last: Claim): number {
    if (this.budget.spent) return 0;
    this.budget.spendSteps(claims.reduce((sum, { ports }) => sum + (ports?.length ?? 0), claims.length));
    const before = this.lists.intervals.length;
    const list = this.lists.number([...claims, last]);
    this.budget.spendBytes(4 * (this.lists.intervals.length - before));
    return list;
  }

  private claim(clause: Clause, portsNumber: number): Claim {
    const { action, named } = clause;
    // Looking names up again for every claim would take longer than all the rest.
    const rule = this.clauseRules.get(clause) ?? this.rule(clause.rule);
    this.clauseRules.set(clause, rule);
    return {
      ports: named ? this.numbered(clause, portsNumber) : (clause.ports as readonly NumberedPorts[] | undefined),
      action,
      rule,
    };
  }

  /** A name that means nothing at the destination opens no port. */
  private numbered({ ports }: Clause, portsNumber: number): NumberedPorts[] | undefined {
    return ports?.flatMap((port): NumberedPorts[] => {
      if (!("name" in port)) return [port];
      const key = this.ports.key(portsNumber, port);
      return key === undefined ? [] : [{ first: key, last: key }];
    });
  }

  private decided(action: Action, rule: string): Claim {
    return { ports: undefined, action, rule: this.rule(rule) };
  }

  private rule(name: string): number {
    const number = this.ruleNumbers.get(name) ?? this.rules.push(name) - 1;
    this.ruleNumbers.set(name, number);
    return number;
  }
}

/** More numbers of ports than there can be endpoints. */
const PORTS_MOST = 2 ** 22;

/** The interval lists of one row, computed once for each set of covering clauses and, where names matter, of ports. */
class Answers {
  private readonly known = new Map<number, number>();
  private readonly vary = new Map<number, boolean>();

  constructor(
    private readonly covering: Covering,
    private readonly clauses: readonly Clause[],
    private readonly compute: (covering: readonly Clause[], ports: number) => number,
  ) {}

  of(node: number, ports: number): number {
    const key = node * PORTS_MOST + (this.varies(node) ? ports : 0);
    const list = this.known.get(key) ?? this.compute(this.clausesOf(node), ports);
    this.known.set(key, list);
    return list;
  }

  /** Does the answer for these covering clauses depend on what port names mean? */
  private varies(node: number): boolean {
    const vary = this.vary.get(node) ?? this.clausesOf(node).some(({ named }) => named);
    this.vary.set(node, vary);
    return vary;
  }

  private clausesOf(node: number): Clause[] {
    return this.covering.list(node).map((c) => this.clauses[c] as Clause);
  }
}
