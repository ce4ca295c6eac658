import type { Budget } from "./budget.ts";
import { GrowingU32, HASH_START, mixHash } from "./growing.ts";
import type { Regions } from "./regions.ts";
import type { Row } from "./verdict-table.ts";

/** Bytes that an exception takes in an image: a 12-byte slot of a table that is on average half full. */
const EXCEPTION_BYTES = 24;
const PORT_SET_BYTES = 8;
const ROW_BYTES = 8;

/** In place of a row that isn't used. */
const NOTHING: Row = {
  portSet: 0,
  count: 1,
  column: undefined,
  classes: new Uint32Array(0),
  portSets: new Uint32Array(0),
};

/** A row by interval lists: those of regions, and of classes that have another than their region. */
export interface RowContent {
  readonly regions: Regions;
  readonly lists: readonly number[];
  /** Ascending. */
  readonly apart: Uint32Array;
  readonly listsApart: Uint32Array;
}

/** Rows and port sets as a verdict table has them; rows with the same content are one. */
export class RowStore {
  readonly rows: Row[] = [];
  /** The interval list of each port set. */
  readonly portSets = new GrowingU32();
  private readonly byHash = new Map<number, number[]>();
  private readonly hashes: number[] = [];
  private readonly free: number[] = [];
  /** The port set that exceptions and rows without columns share, by interval list. */
  private readonly shared = new Map<number, number>();

  constructor(private readonly budget: Budget) {}

  /** The number of the row with some content. */
  number(content: RowContent): number {
    const { regions, lists, apart, listsApart } = content;
    const single = lists.every((list) => list === lists[0]);
    const column = single ? undefined : regions.column;
    const regionLists = single ? lists.slice(0, 1) : lists;
    const differing = apart
      .map((_, i) => i)
      .filter((i) => listsApart[i] !== lists[regions.of[apart[i] as number] as number]);
    const classes = differing.map((i) => apart[i] as number);
    const classLists = differing.map((i) => listsApart[i] as number);
    const hash = hashOf(column ?? -1, regionLists, classes, classLists);
    const alike = this.byHash.get(hash) ?? [];
    const known = alike.find((row) => this.is(row, column, regionLists, classes, classLists));
    if (known !== undefined) return known;
    this.budget.spendBytes(ROW_BYTES + classes.length * EXCEPTION_BYTES);
    const portSet = single ? this.sharedPortSet(regionLists[0] as number) : this.consecutive(regionLists);
    const portSets = classLists.map((list) => this.sharedPortSet(list));
    const number = this.free.pop() ?? this.rows.length;
    this.rows[number] = { portSet, count: regionLists.length, column, classes, portSets };
    this.hashes[number] = hash;
    this.byHash.set(hash, [...alike, number]);
    return number;
  }

  /** Forgets all rows but some; the numbers of the others will be given again. */
  keep(used: ReadonlySet<number>): void {
    this.free.length = 0;
    this.rows.forEach((row, number) => {
      if (used.has(number)) return;
      this.free.push(number);
      if (row === NOTHING) return;
      const hash = this.hashes[number] as number;
      const alike = (this.byHash.get(hash) ?? []).filter((other) => other !== number);
      if (alike.length > 0) this.byHash.set(hash, alike);
      else this.byHash.delete(hash);
      this.rows[number] = NOTHING;
    });
  }

  private is(
    number: number,
    column: number | undefined,
    regionLists: readonly number[],
    classes: Uint32Array,
    classLists: Uint32Array,
  ): boolean {
    const row = this.rows[number] as Row;
    return (
      row.column === column &&
      row.count === regionLists.length &&
      row.classes.length === classes.length &&
      regionLists.every((list, i) => this.portSets.at(row.portSet + i) === list) &&
      classes.every((cls, i) => row.classes[i] === cls) &&
      classLists.every((list, i) => this.portSets.at(row.portSets[i] as number) === list)
    );
  }

  private consecutive(lists: readonly number[]): number {
    const first = this.portSets.length;
    for (const list of lists) this.addPortSet(list);
    return first;
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
}

function hashOf(column: number, ...lists: readonly ArrayLike<number>[]): number {
  let hash = mixHash(HASH_START, column);
  for (const list of lists) for (let i = 0; i < list.length; i++) hash = mixHash(hash, list[i] as number);
  return hash;
}
