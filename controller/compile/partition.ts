/** Elements numbered from 0, cut into parts by ever more lists until no list tells two elements of a part apart. */
export class Partition {
  /** The part of each element; numbers have gaps. */
  readonly parts: Int32Array;
  private readonly sizes: number[] = [];
  private readonly free: number[] = [];
  /** In the current `cut`: the part that elements leaving a part go to. */
  private readonly targets: number[] = [];
  private readonly cuts: number[] = [];
  private cutNumber = 0;

  /** `parts`: the first cut, one part number for each element. */
  constructor(parts: Int32Array) {
    this.parts = parts;
    for (const part of parts) this.sizes[part] = (this.sizes[part] ?? 0) + 1;
    for (let part = 0; part < this.sizes.length; part++) if (this.sizes[part] === undefined) this.free.push(part);
  }

  /** Separates the elements of a list without repetitions from all others. */
  cut(elements: ArrayLike<number>): void {
    this.cutNumber++;
    for (let i = 0; i < elements.length; i++) this.move(elements[i] as number);
  }

  private move(element: number): void {
    const from = this.parts[element] as number;
    if (this.cuts[from] !== this.cutNumber) {
      this.cuts[from] = this.cutNumber;
      this.targets[from] = this.free.pop() ?? this.sizes.length;
      this.sizes[this.targets[from] as number] = 0;
    }
    const to = this.targets[from] as number;
    this.parts[element] = to;
    this.sizes[to] = (this.sizes[to] as number) + 1;
    this.sizes[from] = (this.sizes[from] as number) - 1;
    if (this.sizes[from] === 0) this.free.push(from);
  }
}
