import { NONE } from "../../assembly/wire/image.ts";
import type { Budget } from "./budget.ts";
import type { IntervalLists } from "./interval-lists.ts";
import type { RegionMaps } from "./regions.ts";
import type { RowStore } from "./row-store.ts";
import type { Direction } from "./statement.ts";
import type { ClassRows, Row } from "./verdict-table.ts";

const NO_CLASSES = new Uint32Array(0);
/** Columns name rows by u16. */
const ROWS_MAX = 65535;

/** The paths that a row names: for each region, and for classes that have others than their region. */
interface PathRow {
  readonly column: Uint16Array | undefined;
  readonly lists: readonly number[];
  readonly apart: ReadonlyMap<number, number>;
}

/**
 * An endpoint's image holds its own side of each flow, but a flow has to take the path that the far side's rules name,
 * too. So each class gets rows that answer with the far side's paths and nothing else: those of all peers, turned around.
 * Few rules name a path, so that the rows of most peers say the same, or nothing.
 */
export class FarPaths {
  private readonly nowhere: number;

  constructor(
    private readonly store: RowStore,
    private readonly maps: RegionMaps,
    private readonly lists: IntervalLists,
    private readonly budget: Budget,
  ) {
    this.nowhere = lists.pathless();
  }

  /** The rows of each class, with those of the far side's paths. Once the budget is spent, none: gateways then refuse. */
  added(rows: readonly ClassRows[]): ClassRows[] {
    const farIngress = this.turned(rows, "ingress");
    const farEgress = this.turned(rows, "egress");
    return rows.map((row, cls) => ({ ...row, farIngress: farIngress(cls), farEgress: farEgress(cls) }));
  }

  /** For each class the row of what its peers' rows of a direction say to it. */
  private turned(rows: readonly ClassRows[], direction: Direction): (cls: number) => number {
    const distinct = new DistinctPathRows();
    const numbers = new Map<number, number>();
    const column = Uint16Array.from(rows, ({ [direction]: row }) => {
      const number = numbers.get(row) ?? distinct.number(this.pathRow(row));
      numbers.set(row, number);
      return number;
    });
    if (distinct.rows.length > ROWS_MAX) this.budget.spendSteps(Number.POSITIVE_INFINITY);
    if (distinct.rows.length === 0 || this.budget.spent) return () => NONE;
    const regions = this.maps.adopt(column);
    const known = new Map<string, number>();
    return (cls) => {
      this.budget.spendSteps(distinct.rows.length);
      if (this.budget.spent) return NONE;
      const lists = [this.nowhere, ...distinct.rows.map((row) => listAt(row, cls))];
      const key = lists.join();
      const row = known.get(key) ?? this.store.number({ regions, lists, apart: NO_CLASSES, listsApart: NO_CLASSES });
      known.set(key, row);
      return row;
    };
  }

  /** Undefined: it names none. */
  private pathRow(number: number): PathRow | undefined {
    const row = this.store.rows[number] as Row;
    const listOf = (portSet: number) => this.lists.paths(this.store.portSets.at(portSet));
    const lists = Array.from({ length: row.count }, (_, i) => listOf(row.portSet + i));
    const column = row.column === undefined ? undefined : (this.maps.columns[row.column] as Uint16Array);
    const apart = new Map<number, number>();
    row.classes.forEach((cls, i) => {
      const list = listOf(row.portSets[i] as number);
      if (list !== lists[column?.[cls] ?? 0]) apart.set(cls, list);
    });
    const isSilent = apart.size === 0 && lists.every((list) => list === this.nowhere);
    return isSilent ? undefined : { column, lists, apart };
  }
}

/** Path rows numbered from 1 by what they say; 0 is the one that says nothing. */
class DistinctPathRows {
  readonly rows: PathRow[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly columns = new Map<Uint16Array | undefined, number>([[undefined, 0]]);

  number(row: PathRow | undefined): number {
    if (row === undefined) return 0;
    const isSingle = row.lists.every((list) => list === row.lists[0]);
    const column = isSingle ? undefined : row.column;
    const number = this.columns.get(column) ?? this.columns.size;
    this.columns.set(column, number);
    const key = [number, isSingle ? row.lists[0] : row.lists.join(), [...row.apart].join()].join(" ");
    const known = this.numbers.get(key) ?? this.rows.push(row);
    this.numbers.set(key, known);
    return known;
  }
}

function listAt({ column, lists, apart }: PathRow, cls: number): number {
  return apart.get(cls) ?? (lists[column?.[cls] ?? 0] as number);
}
