/** How a list differs from the one before. */
export interface Changes<T> {
  /** In order; the same list if nothing was added or removed. */
  readonly all: readonly T[];
  readonly added: readonly T[];
  readonly removed: readonly T[];
}

/** Sorts nearly the same objects again and again: those that were there before aren't compared again. */
export class Sorted<T extends object> {
  private last: readonly T[] = [];

  constructor(private readonly compare: (a: T, b: T) => number) {}

  /** An object that is listed twice counts as two. */
  next(items: readonly T[]): Changes<T> {
    const unplaced = new Set(items);
    const repeated = unplaced.size < items.length ? repetitions(items) : [];
    const kept: T[] = [];
    const removed: T[] = [];
    for (const item of this.last) (unplaced.delete(item) ? kept : removed).push(item);
    const added = [...unplaced, ...repeated].sort(this.compare);
    if (added.length > 0 || removed.length > 0) this.last = this.merged(kept, added);
    return { all: this.last, added, removed };
  }

  private merged(kept: readonly T[], added: readonly T[]): readonly T[] {
    const all: T[] = [];
    let next = 0;
    for (const item of added) {
      while (next < kept.length && this.compare(kept[next] as T, item) <= 0) all.push(kept[next++] as T);
      all.push(item);
    }
    while (next < kept.length) all.push(kept[next++] as T);
    return all;
  }
}

function repetitions<T extends object>(items: readonly T[]): T[] {
  const seen = new Set<T>();
  return items.filter((item) => seen.has(item) || !seen.add(item)).map((item) => ({ ...item }));
}
