import {
  CLASS_RECORD,
  EXCEPTION_SLOT,
  exceptionSlot,
  NONE,
  PORT_SET_RECORD,
  ROW_RECORD,
  Section,
} from "../../assembly/wire/image.ts";
import type { VerdictTable } from "../compile/verdict-table.ts";
import { capacityFor, records } from "./section.ts";

/** The sections that hold a verdict table, unpadded. Names of rules are strings and are encoded with those. */
export function tableSections(table: VerdictTable): Map<Section, Uint8Array> {
  return new Map([
    [Section.Classes, classes(table)],
    [Section.Rows, rows(table)],
    [Section.Exceptions, exceptions(table)],
    [Section.Dense, dense(table)],
    [Section.PortSets, portSets(table)],
    [Section.Intervals, intervals(table.intervals)],
  ]);
}

function classes(table: VerdictTable): Uint8Array {
  return records(table.classes, CLASS_RECORD, (view, at, { egress, ingress, farIngress, farEgress }) => {
    view.setUint32(at, egress, true);
    view.setUint32(at + 4, ingress, true);
    view.setUint32(at + 8, farIngress, true);
    view.setUint32(at + 12, farEgress, true);
  });
}

function rows(table: VerdictTable): Uint8Array {
  const length = columnLength(table);
  return records(table.rows, ROW_RECORD, (view, at, row) => {
    view.setUint32(at, row.portSet, true);
    view.setUint32(at + 4, row.column === undefined ? NONE : row.column * length, true);
  });
}

function exceptions(table: VerdictTable): Uint8Array {
  const count = table.rows.reduce((sum, row) => sum + row.classes.length, 0);
  const capacity = capacityFor(count);
  const bytes = new Uint8Array(capacity * EXCEPTION_SLOT).fill(0xff);
  const view = new DataView(bytes.buffer);
  table.rows.forEach((row, r) => {
    for (let i = 0; i < row.classes.length; i++)
      insert(view, capacity, r, row.classes[i] as number, row.portSets[i] as number);
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

function dense(table: VerdictTable): Uint8Array {
  const length = columnLength(table);
  const bytes = new Uint8Array(table.columns.length * length * 2);
  const view = new DataView(bytes.buffer);
  table.columns.forEach((column, c) => {
    for (let cls = 0; cls < length; cls++) view.setUint16((c * length + cls) * 2, column[cls] as number, true);
  });
  return bytes;
}

/** All columns have a number for every class of the policy, also in the part of a table for one endpoint. */
function columnLength({ columns }: VerdictTable): number {
  return columns[0]?.length ?? 0;
}

function portSets({ portSets, lists }: VerdictTable): Uint8Array {
  const bytes = new Uint8Array(portSets.length * PORT_SET_RECORD);
  const view = new DataView(bytes.buffer);
  portSets.forEach((list, set) => {
    const first = lists[list] as number;
    view.setUint32(set * PORT_SET_RECORD, first, true);
    view.setUint32(set * PORT_SET_RECORD + 4, (lists[list + 1] as number) - first, true);
  });
  return bytes;
}

/** An interval of the table is a record of the image: start, rule, path, Action with Audit. */
function intervals(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  return bytes;
}
