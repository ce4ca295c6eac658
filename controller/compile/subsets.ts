/**
 * For each of many elements the ordered list of marks put on it. Equal lists are one node, and elements that share
 * everything so far cost nothing until a mark tells them apart; so marks on nearly all elements are as cheap as on few.
 */
export class Subsets {
  /** The empty list. */
  static readonly EMPTY = 0;

  private readonly parents = [0];
  private readonly marks = [-1];
  private readonly children: Map<number, number>[] = [];
  private readonly nodes: Int32Array;
  private touchedCount = 0;
  private readonly touchedList: Uint32Array;
  private shared = Subsets.EMPTY;

  /** Elements are numbered from 0. */
  constructor(size: number) {
    this.nodes = new Int32Array(size).fill(-1);
    this.touchedList = new Uint32Array(size);
  }

  /** Puts a mark on every element. */
  markAll(mark: number): void {
    this.shared = this.child(this.shared, mark);
    for (let i = 0; i < this.touchedCount; i++) this.step(this.touchedList[i] as number, mark);
  }

  /** Puts a mark on the elements of a list without repetitions. */
  markSome(elements: ArrayLike<number>, mark: number): void {
    for (let i = 0; i < elements.length; i++) {
      const element = elements[i] as number;
      this.touch(element);
      this.step(element, mark);
    }
  }

  /** Puts a mark on every element but those of a list without repetitions. */
  markOthers(elements: ArrayLike<number>, mark: number): void {
    for (let i = 0; i < elements.length; i++) this.touch(elements[i] as number);
    const spared = new Map<number, number>();
    for (let i = 0; i < elements.length; i++) spared.set(elements[i] as number, this.nodes[elements[i] as number] as number);
    this.markAll(mark);
    for (const [element, node] of spared) this.nodes[element] = node;
  }

  /** The list of an element. */
  node(element: number): number {
    const node = this.nodes[element] as number;
    return node < 0 ? this.shared : node;
  }

  /** The list of every element that isn't touched. */
  get untouchedNode(): number {
    return this.shared;
  }

  /** Elements that were marked or spared apart from the others, in no order. */
  get touched(): Uint32Array {
    return this.touchedList.subarray(0, this.touchedCount);
  }

  /** The marks of a list in the order they were put. */
  list(node: number): number[] {
    const marks: number[] = [];
    for (let n = node; n !== Subsets.EMPTY; n = this.parents[n] as number) marks.push(this.marks[n] as number);
    return marks.reverse();
  }

  /** Takes all marks off all elements and forgets the lists. */
  reset(): void {
    for (let i = 0; i < this.touchedCount; i++) this.nodes[this.touchedList[i] as number] = -1;
    this.touchedCount = 0;
    this.shared = Subsets.EMPTY;
    this.parents.length = 1;
    this.children.length = 0;
  }

  private touch(element: number): void {
    if ((this.nodes[element] as number) >= 0) return;
    this.nodes[element] = this.shared;
    this.touchedList[this.touchedCount++] = element;
  }

  private step(element: number, mark: number): void {
    this.nodes[element] = this.child(this.nodes[element] as number, mark);
  }

  private child(node: number, mark: number): number {
    let of = this.children[node];
    if (of === undefined) of = this.children[node] = new Map();
    const known = of.get(mark);
    if (known !== undefined) return known;
    const child = this.parents.push(node) - 1;
    this.marks[child] = mark;
    of.set(mark, child);
    return child;
  }
}
