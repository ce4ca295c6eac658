import { HASH_START, Interned, mixHash } from "./growing.ts";

/** Distinct columns: which of a row's port sets each class has. Rows that part classes alike share one. */
export class Columns {
  readonly all: Uint16Array[] = [];
  private readonly interned = new Interned();

  /** The number of a column; takes a copy if it is new. */
  number(column: Uint16Array): number {
    let hash = HASH_START;
    for (let i = 0; i < column.length; i++) hash = mixHash(hash, column[i] as number);
    const known = this.interned.find(hash, (number) => equal(this.all[number] as Uint16Array, column));
    if (known >= 0) return known;
    this.all.push(column.slice());
    return this.interned.add(hash);
  }
}

function equal(a: Uint16Array, b: Uint16Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
