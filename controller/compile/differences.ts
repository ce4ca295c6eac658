/** What came to a list and what left it. */
export interface Difference<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
}

/** Compares a list of objects with the one before; costs little where few differ, wherever they stand. */
export class Differences<T extends object> {
  private last: readonly T[] = [];
  private readonly present = new Set<T>();
  /** Some object was listed twice. */
  private isRepeated = false;

  /** An object that is listed twice counts as two: the further ones are copies, new ones each time. */
  next(given: readonly T[]): Difference<T> {
    const items = this.isRepeated ? this.distinct(given) : given;
    const [from, to] = this.middle(items);
    const left = this.last.slice(from, this.last.length - to);
    const came = items.slice(from, items.length - to);
    const [staying, known] = [new Set(came), new Set(left)];
    const removed = left.filter((item) => !staying.has(item));
    const added = came.filter((item) => !known.has(item));
    if (staying.size < came.length || added.some((item) => this.present.has(item))) {
      this.isRepeated = true;
      return this.next(given);
    }
    for (const item of removed) this.present.delete(item);
    for (const item of added) this.present.add(item);
    this.last = items;
    return { added, removed };
  }

  private distinct(items: readonly T[]): readonly T[] {
    const seen = new Set<T>();
    const distinct = items.map((item) => (seen.has(item) ? { ...item } : seen.add(item) && item));
    this.isRepeated = seen.size < items.length;
    return distinct;
  }

  /** How many at the beginning and at the end are the same. */
  private middle(items: readonly T[]): [from: number, to: number] {
    const least = Math.min(items.length, this.last.length);
    let from = 0;
    while (from < least && items[from] === this.last[from]) from++;
    let to = 0;
    while (to < least - from && items[items.length - 1 - to] === this.last[this.last.length - 1 - to]) to++;
    return [from, to];
  }
}
