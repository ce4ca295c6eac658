import { lowerBound } from "./lower-bound.ts";
import { type ClassRows, INTERVAL_WORDS, type Row, type VerdictTable } from "./verdict-table.ts";

/** The interval list by which a table answers for the traffic of one class, in one direction, with a peer class. */
export function listOf(table: VerdictTable, cls: number, direction: "ingress" | "egress", peer: number): number {
  return listFor(table, table.rows[(table.classes[cls] as ClassRows)[direction]] as Row, peer);
}

/** The interval list by which a row of a table answers for a peer class. */
export function listFor(table: VerdictTable, row: Row, peer: number): number {
  return table.portSets[portSetOf(table, row, peer)] as number;
}

/** Where the intervals of a list begin, ascending, the first at 0. */
export function startsOf({ lists, intervals }: VerdictTable, list: number): number[] {
  const [from, to] = [lists[list] as number, lists[list + 1] as number];
  return Array.from({ length: to - from }, (_, i) => intervals[(from + i) * INTERVAL_WORDS] as number);
}

function portSetOf({ columns }: VerdictTable, row: Row, peer: number): number {
  const at = lowerBound(row.classes, peer);
  if (row.classes[at] === peer) return row.portSets[at] as number;
  return row.column === undefined ? row.portSet : row.portSet + ((columns[row.column] as Uint16Array)[peer] as number);
}
