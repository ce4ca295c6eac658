import { AUDIT_RULE_SHIFT, NONE } from "../../assembly/wire/image.ts";
import { type ClassRows, INTERVAL_WORDS, type Row, type VerdictTable } from "../compile/verdict-table.ts";

/** The part of a table that decides for some classes: their rows and what these refer to, renumbered. */
export function slice(table: VerdictTable, classes: readonly number[]): VerdictTable {
  return new Slice(table).of(classes);
}

const UNDECIDED: ClassRows = { egress: NONE, ingress: NONE, farIngress: NONE, farEgress: NONE };
const BELOW_AUDIT_RULE = (1 << AUDIT_RULE_SHIFT) - 1;

class Slice {
  private readonly rows = new Renumbering();
  private readonly columns = new Renumbering();
  private readonly lists = new Renumbering();
  private readonly rules = new Renumbering();
  /** New port sets by old; rows with columns get theirs apart, because those must be consecutive. */
  private readonly portSets = new Map<number, number>();
  private readonly listOfPortSet: number[] = [];

  constructor(private readonly table: VerdictTable) {}

  of(classes: readonly number[]): VerdictTable {
    this.rules.number(0);
    const length = classes.reduce((most, cls) => Math.max(most, cls + 1), 0);
    const byClass = new Array<ClassRows>(length).fill(UNDECIDED);
    for (const cls of classes) {
      const { egress, ingress, farIngress, farEgress } = this.table.classes[cls] as ClassRows;
      byClass[cls] = {
        egress: this.rows.number(egress),
        ingress: this.rows.number(ingress),
        farIngress: farIngress === NONE ? NONE : this.rows.number(farIngress),
        farEgress: farEgress === NONE ? NONE : this.rows.number(farEgress),
      };
    }
    const rows = this.rows.olds.map((old) => this.row(this.table.rows[old] as Row));
    const intervals = this.lists.olds.map((old) => this.intervals(old));
    return {
      lineage: this,
      classes: byClass,
      rows,
      columns: this.columns.olds.map((old) => this.table.columns[old] as Uint16Array),
      portSets: Uint32Array.from(this.listOfPortSet),
      lists: startsOf(intervals),
      intervals: joined(intervals),
      rules: this.rules.olds.map((old) => this.table.rules[old] as string),
    };
  }

  private row(row: Row): Row {
    const { count, classes } = row;
    const portSets = row.portSets.map((old) => this.portSet(old));
    if (row.column === undefined)
      return { portSet: this.portSet(row.portSet), count, column: undefined, classes, portSets };
    const portSet = this.listOfPortSet.length;
    for (let i = 0; i < count; i++) this.addPortSet(row.portSet + i);
    return { portSet, count, column: this.columns.number(row.column), classes, portSets };
  }

  private portSet(old: number): number {
    const portSet = this.portSets.get(old) ?? this.addPortSet(old);
    this.portSets.set(old, portSet);
    return portSet;
  }

  private addPortSet(old: number): number {
    return this.listOfPortSet.push(this.lists.number(this.table.portSets[old] as number)) - 1;
  }

  private intervals(list: number): Uint32Array {
    const [from, to] = [this.table.lists[list] as number, this.table.lists[list + 1] as number];
    const words = this.table.intervals.slice(from * INTERVAL_WORDS, to * INTERVAL_WORDS);
    for (let i = 1; i < words.length; i += INTERVAL_WORDS) {
      words[i] = this.rules.number(words[i] as number);
      words[i + 2] = this.answer(words[i + 2] as number);
    }
    return words;
  }

  /** Action with Audit, the rule of the audit renumbered. */
  private answer(word: number): number {
    if (word <= BELOW_AUDIT_RULE) return word;
    return ((word & BELOW_AUDIT_RULE) | (this.rules.number(word >>> AUDIT_RULE_SHIFT) << AUDIT_RULE_SHIFT)) >>> 0;
  }
}

function startsOf(lists: readonly Uint32Array[]): Uint32Array {
  const starts = new Uint32Array(lists.length + 1);
  lists.forEach((words, i) => {
    starts[i + 1] = (starts[i] as number) + words.length / INTERVAL_WORDS;
  });
  return starts;
}

function joined(lists: readonly Uint32Array[]): Uint32Array {
  const words = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    words.set(list, at);
    at += list.length;
  }
  return words;
}

/** Gives numbers from 0 to old numbers in the order in which they are first asked for. */
class Renumbering {
  readonly olds: number[] = [];
  private readonly numbers = new Map<number, number>();

  number(old: number): number {
    const known = this.numbers.get(old) ?? this.olds.push(old) - 1;
    this.numbers.set(old, known);
    return known;
  }
}
