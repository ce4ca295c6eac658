import { NONE } from "../../assembly/wire/image.ts";
import type { Overlay } from "../model/resources.ts";
import { Budget, type TableLimits } from "./budget.ts";
import type { ClassSet } from "./class-set.ts";
import type { Classes } from "./classes.ts";
import type { NamedPorts } from "./named-ports.ts";
import type { Regions } from "./regions.ts";
import { Rows, type Selected } from "./rows.ts";
import type { Clause, Direction, Statement, Statements } from "./statement.ts";
import { Subsets } from "./subsets.ts";
import type { ClassRows, Row, VerdictTable } from "./verdict-table.ts";

export interface TableResult {
  readonly table: VerdictTable;
  /** Rows had to be closed because the budget doesn't reach for them. */
  readonly truncated: boolean;
}

/** What nobody needs any more is swept out of lists only with everything else. */
const GROWTH = 2;
const GROWTH_LEAST = 100_000;

/** The row for members of whom the same statements speak. */
interface KnownRow {
  readonly selected: Selected;
  readonly number: number;
  readonly regions: Regions | undefined;
}

interface Changes {
  /** Rows of statements that were there before are the same. */
  readonly canKeep: boolean;
  /** Whether a clause has a peer that isn't the same as before. */
  readonly concerns: (clause: Clause) => boolean;
}

type KnownRows = Map<string, KnownRow>;

/** Verdict tables that follow classes and statements. A row is made again only if its statements or their peers changed. */
export class Tables {
  private readonly rows: Rows;
  private readonly budget: Budget;
  private readonly ids = new WeakMap<Statement, number>();
  private nextId = 0;
  private known: Readonly<Record<Direction, KnownRows>> = { egress: new Map(), ingress: new Map() };
  private selected: readonly (ClassSet | undefined)[] = [];
  private blocks: readonly ClassSet[] = [];
  private version = -1;
  private firstSize: number | undefined;
  /** Without far paths. */
  private byClass: readonly ClassRows[] = [];
  private statements: Statements | undefined;
  private result: TableResult | undefined;

  constructor(
    private readonly classes: Classes,
    ports: NamedPorts,
    overlay: Pick<Overlay, "isolation" | "enforcement">,
    private readonly limits: TableLimits,
  ) {
    this.budget = new Budget(limits);
    this.rows = new Rows(classes, ports, overlay, this.budget);
  }

  /**
   * The rows of every class: members' by the policies that select them, outsiders' open towards members. Undefined: it
   * has grown so much, or cost so much, that it's time to begin anew; a first table is always made.
   */
  next(statements: Statements, paths: ReadonlySet<number>): TableResult | undefined {
    const isFirst = this.firstSize === undefined;
    if (!isFirst && this.budget.halfSpent) return undefined;
    const changed = this.changes();
    if (changed.canKeep && statements === this.statements) return this.result;
    // Work that is done for each table, and forgotten.
    const budget = isFirst ? this.budget : new Budget(this.limits);
    const known: Record<Direction, KnownRows> = { egress: new Map(), ingress: new Map() };
    const outsiders = this.rows.outsiders();
    const before = this.statements;
    this.statements = statements;
    const sideOf = (direction: Direction): ((cls: number) => number) => {
      if (!changed.canKeep || !isEqual(before?.[direction], statements[direction]))
        return this.side(direction, statements[direction], changed, known, budget);
      known[direction] = this.known[direction];
      const rows = this.byClass;
      return (cls) => (rows[cls] as ClassRows)[direction];
    };
    const [egress, ingress] = [sideOf("egress"), sideOf("ingress")];
    const namesPaths = [...paths].some((path) => path !== NONE);
    let shut: number | undefined;
    const nobody = (): ClassRows => {
      shut ??= this.rows.shut("nobody");
      return { egress: shut, ingress: shut, ...NOT_FAR };
    };
    const byClass = Array.from({ length: this.classes.count }, (_, cls): ClassRows => {
      if (cls < this.classes.firstMember) return { egress: outsiders, ingress: outsiders, ...NOT_FAR };
      if (!this.classes.has(cls)) return nobody();
      return { egress: egress(cls), ingress: ingress(cls), ...NOT_FAR };
    });
    this.byClass = byClass;
    const classes = namesPaths ? this.rows.withFarPaths(byClass, budget) : byClass;
    this.known = known;
    this.keep(classes);
    this.firstSize ??= this.rows.size;
    const isSpent = budget.halfSpent || this.budget.halfSpent || this.rows.truncated;
    if (!isFirst && (isSpent || this.rows.size > GROWTH * this.firstSize + GROWTH_LEAST)) return undefined;
    this.result = { table: this.rows.table(classes), truncated: this.rows.truncated || budget.spent };
    return this.result;
  }

  /** How classes differ from those before. */
  private changes(): Changes {
    const { selected, blocks, version } = this.classes;
    if (version !== this.version) this.rows.refresh();
    const [pods, ranges] = [changedPlaces(this.selected, selected), changedPlaces(this.blocks, blocks)];
    const canKeep = version === this.version && ranges.size === 0;
    this.version = version;
    this.selected = [...selected];
    this.blocks = blocks;
    const concerns = (clause: Clause) =>
      clause.pods.some((n) => pods.has(n)) || clause.blocks.some((n) => ranges.has(n));
    return { canKeep, concerns };
  }

  /** The row of each member class in a direction. */
  private side(
    direction: Direction,
    statements: readonly Statement[],
    changed: Changes,
    known: Readonly<Record<Direction, KnownRows>>,
    budget: Budget,
  ): (cls: number) => number {
    const selecting = new Subsets(this.classes.count, budget);
    statements.forEach(({ subject }, s) => {
      selecting.mark(this.classes.selected[subject] as ClassSet, s);
    });
    const texts = new Map<number, string>();
    const before = this.known[direction];
    const now = known[direction];
    const isCurrent = ({ selected, regions }: KnownRow) =>
      regions !== undefined && this.rows.maps.has(regions) && !selected.clauses.some(changed.concerns);
    return (cls) => {
      if (this.budget.spent || budget.spent) return this.rows.closed();
      const node = selecting.node(cls);
      const text = texts.get(node) ?? this.text(selecting.list(node), statements);
      texts.set(node, text);
      const ports = ` ${this.classes.portsOf[cls]}`;
      const found = now.get(text) ?? now.get(text + ports);
      if (found !== undefined) return found.number;
      const old = before.get(text) ?? before.get(text + ports);
      const selected = old?.selected ?? this.rows.selected(direction, heard(selecting.list(node), statements));
      const made = old !== undefined && isCurrent(old) ? old : { selected, ...this.rows.row(direction, selected, cls) };
      now.set(selected.ownPorts ? text + ports : text, made);
      return made.number;
    };
  }

  /** Equal for equal lists of statements. */
  private text(list: readonly number[], statements: readonly Statement[]): string {
    let text = "";
    for (const s of list) text += `${this.id(statements[s] as Statement)},`;
    return text;
  }

  private id(statement: Statement): number {
    const id = this.ids.get(statement) ?? this.nextId++;
    this.ids.set(statement, id);
    return id;
  }

  /** Forgets rows and columns that no class needs. */
  private keep(classes: readonly ClassRows[]): void {
    const { store, maps } = this.rows;
    const used = new Set(
      classes.flatMap(({ egress, ingress, farEgress, farIngress }) => [egress, ingress, farEgress, farIngress]),
    );
    store.keep(used);
    const columns = new Set<number>();
    for (const row of store.rows as readonly Row[]) if (row.column !== undefined) columns.add(row.column);
    for (const { egress, ingress } of [this.known])
      for (const rows of [egress, ingress])
        for (const { regions } of rows.values()) if (regions) columns.add(regions.column);
    maps.keep(columns);
  }
}

const NOT_FAR = { farIngress: NONE, farEgress: NONE };

function heard(list: readonly number[], statements: readonly Statement[]): Statement[] {
  return list.map((s) => statements[s] as Statement);
}

function changedPlaces<T>(before: readonly T[], now: readonly T[]): Set<number> {
  const changed = new Set<number>();
  for (let n = 0; n < now.length; n++) if (now[n] !== before[n]) changed.add(n);
  return changed;
}

function isEqual<T>(before: readonly T[] | undefined, now: readonly T[]): boolean {
  return before?.length === now.length && before.every((one, i) => one === now[i]);
}
