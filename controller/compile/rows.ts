import { Action } from "../../assembly/wire/image.ts";
import type { Isolation } from "../model/resources.ts";
import type { Budget } from "./budget.ts";
import type { Classes } from "./classes.ts";
import type { Clause, NumberedPorts, Statement, Statements } from "./clauses.ts";
import type { NumberSet } from "./groups.ts";
import { type Claim, IntervalLists } from "./interval-lists.ts";
import type { NamedPorts } from "./named-ports.ts";
import { Peers } from "./peers.ts";
import { RowTable } from "./row-table.ts";
import { Subsets } from "./subsets.ts";
import type { ClassRows, VerdictTable } from "./verdict-table.ts";

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

class Rows {
  private readonly store: RowTable;
  private readonly lists = new IntervalLists();
  private readonly rules: string[] = [];
  private readonly ruleNumbers = new Map<string, number>();
  /** In the row at hand: the clauses that cover each peer class. */
  private readonly covering: Subsets;
  private readonly peers: Peers;
  /** The answer where no policy selects: rule 0. */
  private readonly standard: Claim;
  private closed: number | undefined;

  constructor(
    private readonly classes: Classes,
    private readonly ports: NamedPorts,
    isolation: Isolation,
    private readonly budget: Budget,
  ) {
    this.store = new RowTable(classes.count, budget);
    this.covering = new Subsets(classes.count, budget);
    this.peers = new Peers(classes);
    const open = isolation === "Kubernetes";
    this.standard = this.decided(open ? Action.Allow : Action.Deny, open ? "default allow" : "default deny");
  }

  table(classes: readonly ClassRows[]): VerdictTable {
    const { rows, columns, portSets } = this.store;
    const { lists, intervals } = this.lists;
    return { classes, rows, columns: columns.all, portSets: portSets.all(), lists, intervals: intervals.all(), rules: this.rules };
  }

  /** The row of each member class in a direction. */
  side(direction: Direction, statements: readonly Statement[]): (cls: number) => number {
    const selecting = new Subsets(this.classes.count, this.budget);
    statements.forEach(({ subject }, s) => {
      const { others, listed } = this.classes.selected[subject] as NumberSet;
      if (others) selecting.markOthers(listed, s);
      else selecting.markSome(listed, s);
    });
    const known = new Map<string, number>();
    return (cls) => {
      if (this.budget.spent) return this.closedRow();
      const node = selecting.node(cls);
      const key = direction === "ingress" ? `${node} ${this.classes.portsOf[cls]}` : `${node}`;
      const row = known.get(key) ?? this.row(direction, selecting.list(node).map((s) => statements[s] as Statement), cls);
      known.set(key, row);
      return row;
    };
  }

  /** Nobody's policy speaks for outsiders: their side is open towards members and closed among themselves. */
  outsiders(): number {
    const open = this.lists.number([this.decided(Action.Allow, "outside the overlay")]);
    const closed = this.lists.number([this.decided(Action.Deny, "outside the overlay")]);
    const apart = Uint32Array.from({ length: this.classes.firstMember }, (_, cls) => cls);
    return this.store.add(open, apart, new Uint32Array(apart.length).fill(closed));
  }

  /** The row for pods that exactly these statements select; `subject` is one of their classes. */
  private row(direction: Direction, statements: readonly Statement[], subject: number): number {
    const clauses = statements.flatMap((statement) => statement.clauses);
    this.covering.reset();
    clauses.forEach((clause, c) => {
      this.peers.mark(this.covering, clause, c);
    });
    const isolating = statements[0];
    const last = isolating === undefined ? this.standard : this.decided(Action.Deny, isolating.name);
    const own = direction === "ingress" ? (this.classes.portsOf[subject] as number) : undefined;
    const answers = new Answers(this.covering, clauses, (covering, cls) => {
      // A named port is the destination's: for ingress the subject's, for egress the peer's.
      const ports = own ?? (this.classes.portsOf[cls] as number);
      return this.list(covering.map((clause) => this.claim(clause, ports)), last);
    });
    const apart = own === undefined && answers.varyWithin(this.covering.untouchedNode) ? everyClass(this.classes.count) : this.covering.touched.slice().sort();
    const others = answers.of(this.covering.untouchedNode, 0, 0);
    const lists = apart.map((cls) => answers.of(this.covering.node(cls), cls, own === undefined ? (this.classes.portsOf[cls] as number) : 0));
    this.budget.spendSteps(apart.length);
    return this.budget.spent ? this.closedRow() : this.store.add(others, apart, lists);
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

  private closedRow(): number {
    this.closed ??= this.store.add(this.lists.number([this.decided(Action.Deny, TOO_LARGE)]), new Uint32Array(0), new Uint32Array(0));
    return this.closed;
  }

  private claim({ rule, action, ports }: Clause, portsNumber: number): Claim {
    const numbered = ports?.flatMap((port): NumberedPorts[] => {
      if (!("name" in port)) return [port];
      const key = this.ports.key(portsNumber, port);
      return key === undefined ? [] : [{ first: key, last: key }];
    });
    return { ports: numbered, action, rule: this.rule(rule) };
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

const TOO_LARGE = "policies too large for one overlay";

/** More numbers of ports than there can be endpoints. */
const PORTS_MOST = 2 ** 22;

/** The interval lists of one row, computed once for each set of covering clauses and, where names matter, of ports. */
class Answers {
  private readonly known = new Map<number, number>();
  private readonly vary = new Map<number, boolean>();

  constructor(
    private readonly covering: Subsets,
    private readonly clauses: readonly Clause[],
    private readonly compute: (covering: readonly Clause[], cls: number) => number,
  ) {}

  /** Does the answer for these covering clauses depend on what port names mean? */
  varyWithin(node: number): boolean {
    const vary = this.vary.get(node) ?? this.clausesOf(node).some(({ named }) => named);
    this.vary.set(node, vary);
    return vary;
  }

  of(node: number, cls: number, ports: number): number {
    const key = this.varyWithin(node) ? node * PORTS_MOST + ports : node * PORTS_MOST;
    const list = this.known.get(key) ?? this.compute(this.clausesOf(node), cls);
    this.known.set(key, list);
    return list;
  }

  private clausesOf(node: number): Clause[] {
    return this.covering.list(node).map((c) => this.clauses[c] as Clause);
  }
}

function everyClass(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, cls) => cls);
}
