import type { Difference } from "./differences.ts";

/** A sorted list that changes by few: those that stay aren't compared with each other again. */
export class Sorted<T> {
  all: readonly T[] = [];

  constructor(private readonly compare: (a: T, b: T) => number) {}

  change({ added, removed }: Difference<T>): void {
    const gone = new Set(removed);
    const kept = gone.size === 0 ? this.all : this.all.filter((item) => !gone.has(item));
    this.all = this.merged(kept, [...added].sort(this.compare));
  }

  private merged(kept: readonly T[], added: readonly T[]): readonly T[] {
    const all: T[] = [];
    let next = 0;
    for (const item of added) {
      const end = this.after(kept, next, item);
      for (; next < end; next++) all.push(kept[next] as T);
      all.push(item);
    }
    for (; next < kept.length; next++) all.push(kept[next] as T);
    return all;
  }

  /** The first place from `low` on with something that goes after the item. */
  private after(kept: readonly T[], from: number, item: T): number {
    let [low, high] = [from, kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(kept[middle] as T, item) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
