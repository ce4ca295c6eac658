import type { Budget } from "./budget.ts";
import { GrowingU32, HASH_START, Interned, mixHash } from "./growing.ts";
import type { Regions } from "./regions.ts";
import type { Row } from "./verdict-table.ts";

/** Bytes that an exception takes in an image: a 12-byte slot of a table that is on average half full. */
const EXCEPTION_BYTES = 24;
const PORT_SET_BYTES = 8;
const ROW_BYTES = 8;

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
  private readonly interned = new Interned();
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
    const known = this.interned.find(hash, (row) => this.is(row, column, regionLists, classes, classLists));
    if (known >= 0) return known;
    this.budget.spendBytes(ROW_BYTES + classes.length * EXCEPTION_BYTES);
    const portSet = single ? this.sharedPortSet(regionLists[0] as number) : this.consecutive(regionLists);
    const portSets = classLists.map((list) => this.sharedPortSet(list));
    this.rows.push({ portSet, count: regionLists.length, column, classes, portSets });
    return this.interned.add(hash);
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
