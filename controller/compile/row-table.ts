import type { Budget } from "./budget.ts";
import { Columns } from "./columns.ts";
import { GrowingU32 } from "./growing.ts";
import type { Row } from "./verdict-table.ts";

/** Bytes that an exception takes in an image: a 12-byte slot of a table that is on average half full. */
const EXCEPTION_BYTES = 24;
const PORT_SET_BYTES = 8;
/** A column names port sets by u16. */
const COLUMN_SETS_MAX = 65536;

/** Rows as they are stored: with a list of exceptions, or with a column of all classes where that is smaller. */
export class RowTable {
  readonly rows: Row[] = [];
  /** The interval list of each port set. */
  readonly portSets = new GrowingU32();
  readonly columns = new Columns();
  /** The port set that rows with exceptions share, by interval list. */
  private readonly shared = new Map<number, number>();
  private readonly column: Uint16Array;

  constructor(
    private readonly classCount: number,
    private readonly budget: Budget,
  ) {
    this.column = new Uint16Array(classCount);
  }

  /** The number of a new row: the classes `apart`, ascending, have the interval lists `lists`, all others have `others`. */
  add(others: number, apart: Uint32Array, lists: Uint32Array): number {
    const frequency = new Map([[others, this.classCount - apart.length]]);
    for (const list of lists) frequency.set(list, (frequency.get(list) ?? 0) + 1);
    let common = others;
    for (const [list, times] of frequency) if (times > (frequency.get(common) as number)) common = list;
    const exceptions = this.classCount - (frequency.get(common) as number);
    const row = this.withColumn(others, apart, lists, exceptions, frequency.size) ?? this.withExceptions(common, others, apart, lists);
    return this.rows.push(row) - 1;
  }

  private withColumn(others: number, apart: Uint32Array, lists: Uint32Array, exceptions: number, sets: number): Row | undefined {
    if (exceptions * EXCEPTION_BYTES <= 2 * this.classCount + sets * PORT_SET_BYTES || sets > COLUMN_SETS_MAX) return undefined;
    const numbers = new Map<number, number>();
    let next = 0;
    for (let cls = 0; cls < this.classCount; cls++) {
      const list = apart[next] === cls ? (lists[next++] as number) : others;
      let number = numbers.get(list);
      if (number === undefined) numbers.set(list, (number = numbers.size));
      this.column[cls] = number;
    }
    this.budget.spendSteps(this.classCount);
    const portSet = this.portSets.length;
    for (const list of numbers.keys()) this.addPortSet(list);
    const known = this.columns.all.length;
    const column = this.columns.number(this.column);
    if (column === known) this.budget.spendBytes(2 * this.classCount);
    return { portSet, count: numbers.size, column };
  }

  private withExceptions(common: number, others: number, apart: Uint32Array, lists: Uint32Array): Row {
    const portSet = this.sharedPortSet(common);
    const classes: number[] = [];
    const portSets: number[] = [];
    const except = (cls: number, list: number) => {
      if (list === common) return;
      classes.push(cls);
      portSets.push(this.sharedPortSet(list));
    };
    if (common === others) apart.forEach((cls, i) => except(cls, lists[i] as number));
    else {
      let next = 0;
      for (let cls = 0; cls < this.classCount; cls++) except(cls, apart[next] === cls ? (lists[next++] as number) : others);
    }
    this.budget.spendBytes(classes.length * EXCEPTION_BYTES);
    return { portSet, classes: Uint32Array.from(classes), portSets: Uint32Array.from(portSets) };
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
