import { NONE } from "../../assembly/wire/image.ts";
import type { ClassRows, PortSet, Row, VerdictTable } from "../compile/verdict-table.ts";

/** The part of a table that decides for some classes: their rows and what these refer to, renumbered. */
export function slice(table: VerdictTable, classes: readonly number[]): VerdictTable {
  const rules = new Renumbering<string>();
  rules.number(0, () => table.rules[0] as string);
  const portSets = new Renumbering<PortSet>();
  const rows = new Renumbering<Row>();
  const portSet = (old: number) => portSets.number(old, () => withRules(table.portSets[old] as PortSet, table, rules));
  const row = (old: number) => rows.number(old, () => withPortSets(table.rows[old] as Row, portSet));
  const own = new Map(classes.map((cls) => [cls, table.classes[cls] as ClassRows]));
  const length = classes.reduce((most, cls) => Math.max(most, cls + 1), 0);
  const byClass = Array.from({ length }, (_, cls): ClassRows => {
    const pair = own.get(cls);
    return pair === undefined ? UNDECIDED : { egress: row(pair.egress), ingress: row(pair.ingress) };
  });
  return { classes: byClass, rows: rows.all, portSets: portSets.all, rules: rules.all };
}

const UNDECIDED: ClassRows = { egress: NONE, ingress: NONE };

function withPortSets({ portSet, classes, portSets }: Row, renumbered: (old: number) => number): Row {
  return { portSet: renumbered(portSet), classes, portSets: portSets.map(renumbered) };
}

function withRules(set: PortSet, table: VerdictTable, rules: Renumbering<string>): PortSet {
  return set.map((interval) => ({ ...interval, rule: rules.number(interval.rule, () => table.rules[interval.rule] as string) }));
}

/** Gives things numbers from 0 in the order in which they are first asked for. */
class Renumbering<T> {
  readonly all: T[] = [];
  private readonly numbers = new Map<number, number>();

  number(old: number, value: () => T): number {
    const known = this.numbers.get(old);
    if (known !== undefined) return known;
    const number = this.all.push(value()) - 1;
    this.numbers.set(old, number);
    return number;
  }
}
