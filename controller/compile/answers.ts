import { NONE } from "../../assembly/wire/image.ts";
import type { Budget } from "./budget.ts";
import type { Covering } from "./covering.ts";
import type { Clause } from "./statement.ts";

/** More numbers of ports than there can be endpoints. */
const PORTS_MOST = 2 ** 22;

/** The interval lists of one row, computed once for each list of covering clauses and, where names matter, of ports. */
export class Answers {
  private readonly known = new Map<number, number>();
  private readonly varying = new Map<number, boolean>();

  constructor(
    private readonly covering: Covering,
    private readonly clauses: readonly Clause[],
    private readonly budget: Budget,
    private readonly compute: (covering: readonly Clause[], ports: number) => number,
  ) {}

  /**
   * The list for peers that a node's clauses cover, where names mean what they mean for a number of ports; NONE once the
   * budget is spent.
   */
  of(node: number, ports: number): number {
    if (this.budget.spent) return NONE;
    const key = node * PORTS_MOST + (this.varies(node) ? ports : 0);
    const list = this.known.get(key) ?? this.compute(this.clausesOf(node), ports);
    this.known.set(key, list);
    return list;
  }

  private varies(node: number): boolean {
    const varies = this.varying.get(node) ?? this.clausesOf(node).some(({ named }) => named);
    this.varying.set(node, varies);
    return varies;
  }

  private clausesOf(node: number): Clause[] {
    const marks = this.covering.list(node);
    this.budget.spendSteps(marks.length);
    return marks.map((c) => this.clauses[c] as Clause);
  }
}
