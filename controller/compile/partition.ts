/** A part that a list cut in two. */
export interface Cut {
  readonly part: number;
  /** The part that the list's elements went to. */
  readonly off: number;
}

const EMPTY: Cut[] = [];

/** Elements numbered from 0, cut into parts by ever more lists until no list tells two elements of a part apart. */
export class Partition {
  /** The part of each element; numbers may have gaps. */
  readonly parts: number[];
  private readonly sizes: number[] = [];
  /** Numbers of no part, below the number of `sizes`. */
  private readonly free: number[] = [];
  /** In the current `cut`: how many elements of a part the list has, and the part that they go to. */
  private readonly listed: number[] = [];
  private readonly targets: number[] = [];

  /** `parts`: the first cut, one part number for each element; lower numbers than `from` are never given to parts. */
  constructor(parts: readonly number[], from = 0) {
    this.parts = [...parts];
    for (let part = 0; part < from; part++) this.sizes.push(0);
    for (const part of parts) {
      while (this.sizes.length <= part) this.sizes.push(0);
      this.sizes[part] = (this.sizes[part] as number) + 1;
    }
    for (let part = this.sizes.length - 1; part >= from; part--) if (this.sizes[part] === 0) this.free.push(part);
  }

  /** Parts have lower numbers. */
  get limit(): number {
    return this.sizes.length;
  }

  has(part: number): boolean {
    return (this.sizes[part] ?? 0) > 0;
  }

  /** Separates the elements of a list without repetitions from all others. */
  cut(elements: ArrayLike<number>): Cut[] {
    const touched: number[] = [];
    for (let i = 0; i < elements.length; i++) {
      const part = this.parts[elements[i] as number] as number;
      if ((this.listed[part] ?? 0) === 0) {
        this.listed[part] = 0;
        touched.push(part);
      }
      this.listed[part] = (this.listed[part] as number) + 1;
    }
    let cuts = EMPTY;
    for (const part of touched) {
      // A part that is listed whole keeps its number.
      const isWhole = this.listed[part] === this.sizes[part];
      this.listed[part] = 0;
      this.targets[part] = isWhole ? part : this.vacant();
      if (isWhole) continue;
      if (cuts === EMPTY) cuts = [];
      cuts.push({ part, off: this.targets[part] as number });
    }
    if (cuts.length > 0) for (let i = 0; i < elements.length; i++) this.move(elements[i] as number);
    return cuts;
  }

  /** A new element, in a part or in one of its own; its number is the number of elements before. */
  add(part?: number): number {
    const own = part ?? this.vacant();
    this.sizes[own] = (this.sizes[own] as number) + 1;
    return this.parts.push(own) - 1;
  }

  /** Takes an element out for good; whether its part is empty now, and its number free. */
  remove(element: number): boolean {
    const part = this.parts[element] as number;
    this.parts[element] = -1;
    this.sizes[part] = (this.sizes[part] as number) - 1;
    if (this.sizes[part] !== 0) return false;
    this.free.push(part);
    return true;
  }

  private move(element: number): void {
    const from = this.parts[element] as number;
    const to = this.targets[from] as number;
    if (to === from) return;
    this.parts[element] = to;
    this.sizes[to] = (this.sizes[to] as number) + 1;
    this.sizes[from] = (this.sizes[from] as number) - 1;
  }

  private vacant(): number {
    return this.free.pop() ?? this.sizes.push(0) - 1;
  }
}
