import { Action } from "../../assembly/wire/image.ts";
import type { Isolation } from "../model/resources.ts";
import type { Classes } from "./classes.ts";
import type { Clause, NumberedPorts, Statement, Statements } from "./clauses.ts";
import type { NamedPorts } from "./named-ports.ts";
import { type Claim, PortSets } from "./port-sets.ts";
import { Subsets } from "./subsets.ts";
import type { ClassRows, Row, VerdictTable } from "./verdict-table.ts";

type Direction = "ingress" | "egress";

/** The rows of every class: members' by the policies that select them, outsiders' open towards members. */
export function verdictTable(classes: Classes, statements: Statements, ports: NamedPorts, isolation: Isolation): VerdictTable {
  const rows = new Rows(classes, ports, isolation);
  const egress = rows.side("egress", statements.egress);
  const ingress = rows.side("ingress", statements.ingress);
  const outsiders = rows.outsiders();
  const byClass = Array.from({ length: classes.count }, (_, cls): ClassRows => {
    if (cls < classes.firstMember) return { egress: outsiders, ingress: outsiders };
    return { egress: egress(cls), ingress: ingress(cls) };
  });
  return { classes: byClass, rows: rows.all, portSets: rows.portSets.all, rules: rows.rules };
}

class Rows {
  readonly all: Row[] = [];
  readonly portSets = new PortSets();
  readonly rules: string[] = [];
  private readonly ruleNumbers = new Map<string, number>();
  /** In the row at hand: the clauses that cover each peer class. */
  private readonly covering: Subsets;
  private readonly peers: PeerSets;
  /** The answer where no policy selects: rule 0. */
  private readonly standard: Claim;

  constructor(
    private readonly classes: Classes,
    private readonly ports: NamedPorts,
    isolation: Isolation,
  ) {
    this.covering = new Subsets(classes.count);
    this.peers = new PeerSets(classes);
    const open = isolation === "Kubernetes";
    this.standard = this.decided(open ? Action.Allow : Action.Deny, open ? "default allow" : "default deny");
  }

  /** The row of each member class in a direction. */
  side(direction: Direction, statements: readonly Statement[]): (cls: number) => number {
    const selecting = new Subsets(this.classes.count);
    statements.forEach(({ subject }, s) => {
      const { others, listed } = this.classes.selected[subject] as { others: boolean; listed: readonly number[] };
      if (others) selecting.markOthers(listed, s);
      else selecting.markSome(listed, s);
    });
    const known = new Map<string, number>();
    return (cls) => {
      const node = selecting.node(cls);
      const key = direction === "ingress" ? `${node} ${this.classes.portsOf[cls]}` : `${node}`;
      const row = known.get(key) ?? this.row(direction, selecting.list(node).map((s) => statements[s] as Statement), cls);
      known.set(key, row);
      return row;
    };
  }

  /** Nobody's policy speaks for outsiders: their side is open towards members and closed among themselves. */
  outsiders(): number {
    const open = this.portSets.number([this.decided(Action.Allow, "outside the overlay")]);
    const closed = this.portSets.number([this.decided(Action.Deny, "outside the overlay")]);
    const { count, firstMember } = this.classes;
    if (count === firstMember) return this.add(closed, [], () => closed);
    return this.add(open, Array.from({ length: firstMember }, (_, cls) => cls), () => closed);
  }

  /** The row for pods that exactly these statements select; `subject` is one of their classes. */
  private row(direction: Direction, statements: readonly Statement[], subject: number): number {
    const clauses = statements.flatMap((statement) => statement.clauses);
    const isolating = statements[0];
    const last = isolating === undefined ? this.standard : this.decided(Action.Deny, isolating.name);
    this.covering.reset();
    clauses.forEach((clause, c) => {
      this.peers.mark(this.covering, clause, c);
    });
    const named = clauses.some((clause) => clause.named);
    const known = new Map<string, number>();
    const portSetOf = (node: number, portsNumber: number): number => {
      const key = `${node} ${portsNumber}`;
      const covering = this.covering.list(node).map((c) => this.claim(clauses[c] as Clause, portsNumber));
      const set = known.get(key) ?? this.portSets.number([...covering, last]);
      known.set(key, set);
      return set;
    };
    if (!named) return this.add(portSetOf(this.covering.untouchedNode, 0), this.covering.touched, (cls) => portSetOf(this.covering.node(cls), 0));
    if (direction === "ingress") {
      const own = this.classes.portsOf[subject] as number;
      return this.add(portSetOf(this.covering.untouchedNode, own), this.covering.touched, (cls) => portSetOf(this.covering.node(cls), own));
    }
    const everyone = Array.from({ length: this.classes.count }, (_, cls) => cls);
    return this.add(portSetOf(this.covering.untouchedNode, 0), everyone, (cls) => portSetOf(this.covering.node(cls), this.classes.portsOf[cls] as number));
  }

  /** A row in which classes that aren't `apart` have port set `others`. The most frequent set becomes the row's own. */
  private add(others: number, apart: ArrayLike<number>, portSetOf: (cls: number) => number): number {
    const sets = new Map<number, number>([[others, this.classes.count - apart.length]]);
    const apartSorted = Uint32Array.from(apart).sort();
    const setOf = apartSorted.map(portSetOf);
    for (const set of setOf) sets.set(set, (sets.get(set) ?? 0) + 1);
    let common = others;
    for (const [set, number] of sets) if (number > (sets.get(common) as number)) common = set;
    return this.all.push(common === others ? sparse(common, apartSorted, setOf) : this.whole(common, others, apartSorted, setOf)) - 1;
  }

  /** The row whose most frequent set is not that of the untouched classes. */
  private whole(common: number, others: number, apart: Uint32Array, setOf: Uint32Array): Row {
    const all = new Uint32Array(this.classes.count).fill(others);
    apart.forEach((cls, i) => {
      all[cls] = setOf[i] as number;
    });
    return sparse(common, all.map((_, cls) => cls), all);
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

function sparse(portSet: number, classes: Uint32Array, setOf: Uint32Array): Row {
  const kept = classes.filter((_, i) => setOf[i] !== portSet);
  return { portSet, classes: kept, portSets: setOf.filter((set) => set !== portSet) };
}

/** Finds the classes that a clause's peers cover. */
class PeerSets {
  private readonly covered: Uint8Array;

  constructor(private readonly classes: Classes) {
    this.covered = new Uint8Array(classes.count);
  }

  /** Marks the peers of a clause. */
  mark(covering: Subsets, clause: Clause, mark: number): void {
    const { selected, blocks } = this.classes;
    const single = selected[clause.pods[0] ?? -1];
    if (clause.everyone) covering.markAll(mark);
    else if (clause.blocks.length === 0 && clause.pods.length === 1 && single?.others === false) covering.markSome(single.listed, mark);
    else {
      this.covered.fill(0);
      for (const selection of clause.pods) this.coverPods(selected[selection] as { others: boolean; listed: readonly number[] });
      for (const block of clause.blocks) for (const cls of blocks[block] as readonly number[]) this.covered[cls] = 1;
      this.markCovered(covering, mark);
    }
  }

  private coverPods({ others, listed }: { others: boolean; listed: readonly number[] }): void {
    if (!others) for (const cls of listed) this.covered[cls] = 1;
    else {
      let next = 0;
      for (let cls = this.classes.firstMember; cls < this.classes.count; cls++) {
        if (listed[next] === cls) next++;
        else this.covered[cls] = 1;
      }
    }
  }

  private markCovered(covering: Subsets, mark: number): void {
    const inside: number[] = [];
    const outside: number[] = [];
    for (let cls = 0; cls < this.covered.length; cls++) (this.covered[cls] === 1 ? inside : outside).push(cls);
    if (inside.length <= outside.length) covering.markSome(inside, mark);
    else covering.markOthers(outside, mark);
  }
}
