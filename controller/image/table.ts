import {
  CLASS_RECORD,
  EXCEPTION_SLOT,
  exceptionSlot,
  INTERVAL_RECORD,
  NONE,
  PORT_SET_RECORD,
  ROW_RECORD,
  Section,
} from "../../assembly/wire/image.ts";
import type { Interval, VerdictTable } from "../compile/verdict-table.ts";
import { capacityFor, records } from "./section.ts";

/** The sections that hold a verdict table, unpadded. Names of rules are strings and are encoded with those. */
export function tableSections(table: VerdictTable): Map<Section, Uint8Array> {
  const offsets = table.rows.map(() => NONE);
  const sparse = (row: number) => offsets[row] === NONE;
  return new Map([
    [Section.Classes, classes(table)],
    [Section.Rows, rows(table, offsets)],
    [Section.Exceptions, exceptions(table, sparse)],
    [Section.Dense, new Uint8Array(0)],
    ...portSets(table),
  ]);
}

function classes(table: VerdictTable): Uint8Array {
  return records(table.classes, CLASS_RECORD, (view, at, { egress, ingress }) => {
    view.setUint32(at, egress, true);
    view.setUint32(at + 4, ingress, true);
  });
}

function rows(table: VerdictTable, offsets: readonly number[]): Uint8Array {
  return records(table.rows, ROW_RECORD, (view, at, { portSet }, row) => {
    view.setUint32(at, portSet, true);
    view.setUint32(at + 4, offsets[row] as number, true);
  });
}

function exceptions(table: VerdictTable, sparse: (row: number) => boolean): Uint8Array {
  const count = table.rows.reduce((sum, row, r) => sum + (sparse(r) ? row.classes.length : 0), 0);
  const capacity = capacityFor(count);
  const bytes = new Uint8Array(capacity * EXCEPTION_SLOT).fill(0xff);
  const view = new DataView(bytes.buffer);
  table.rows.forEach((row, r) => {
    if (sparse(r)) row.classes.forEach((cls, i) => insert(view, capacity, r, cls, row.portSets[i] as number));
  });
  return bytes;
}

function insert(view: DataView, capacity: number, row: number, cls: number, portSet: number): void {
  let slot = exceptionSlot(row, cls, capacity);
  while (view.getUint32(slot * EXCEPTION_SLOT, true) !== NONE) slot = (slot + 1) & (capacity - 1);
  view.setUint32(slot * EXCEPTION_SLOT, row, true);
  view.setUint32(slot * EXCEPTION_SLOT + 4, cls, true);
  view.setUint32(slot * EXCEPTION_SLOT + 8, portSet, true);
}

function portSets(table: VerdictTable): [Section, Uint8Array][] {
  let first = 0;
  const sets = records(table.portSets, PORT_SET_RECORD, (view, at, set) => {
    view.setUint32(at, first, true);
    view.setUint32(at + 4, set.length, true);
    first += set.length;
  });
  const intervals = records(table.portSets.flat(), INTERVAL_RECORD, writeInterval);
  return [
    [Section.PortSets, sets],
    [Section.Intervals, intervals],
  ];
}

function writeInterval(view: DataView, at: number, { start, rule, path, action }: Interval): void {
  view.setUint32(at, start, true);
  view.setUint32(at + 4, rule, true);
  view.setUint32(at + 8, path, true);
  view.setUint32(at + 12, action, true);
}
