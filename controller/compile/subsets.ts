import type { Budget } from "./budget.ts";

/**
 * For each of many elements the ordered list of marks put on it. Equal lists are one node, and elements that share
 * everything so far cost nothing until a mark tells them apart; so marks on nearly all elements are as cheap as on few.
 * With the budget spent, marks are no longer put.
 */
export class Subsets {
  /** The empty list. */
  static readonly EMPTY = 0;

  private readonly parents = [0];
  private readonly marks = [-1];
  /** In the current marking: the node that elements leaving a node go to. */
  private readonly targets = [0];
  private readonly rounds = [0];
  private round = 0;
  private readonly nodes: Int32Array;
  private readonly touchedList: Uint32Array;
  private touchedCount = 0;
  private shared = Subsets.EMPTY;

  /** Elements are numbered from 0. */
  constructor(
    size: number,
    private readonly budget: Budget,
  ) {
    this.nodes = new Int32Array(size).fill(-1);
    this.touchedList = new Uint32Array(size);
  }

  /** Puts a mark, which is higher than all before, on every element. */
  markAll(mark: number): void {
    if (!this.begin(this.touchedCount)) return;
    this.shared = this.child(this.shared, mark);
    for (let i = 0; i < this.touchedCount; i++) this.step(this.touchedList[i] as number, mark);
  }

  /** Puts such a mark on the elements of a list without repetitions. */
  markSome(elements: ArrayLike<number>, mark: number): void {
    if (!this.begin(elements.length)) return;
    for (let i = 0; i < elements.length; i++) {
      this.touch(elements[i] as number);
      this.step(elements[i] as number, mark);
    }
  }

  /** Puts such a mark on every element but those of a list without repetitions. */
  markOthers(elements: ArrayLike<number>, mark: number): void {
    const spared = new Int32Array(elements.length);
    for (let i = 0; i < elements.length; i++) {
      this.touch(elements[i] as number);
      spared[i] = this.nodes[elements[i] as number] as number;
    }
    this.markAll(mark);
    for (let i = 0; i < elements.length; i++) this.nodes[elements[i] as number] = spared[i] as number;
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
  }

  private begin(elements: number): boolean {
    this.round++;
    this.budget.spendSteps(1 + elements);
    return !this.budget.spent;
  }

  private touch(element: number): void {
    if ((this.nodes[element] as number) >= 0) return;
    this.nodes[element] = this.shared;
    this.touchedList[this.touchedCount++] = element;
  }

  private step(element: number, mark: number): void {
    this.nodes[element] = this.child(this.nodes[element] as number, mark);
  }

  /** Each mark is put once, so a node's child in this round is its only child with this mark. */
  private child(node: number, mark: number): number {
    if (this.rounds[node] === this.round) return this.targets[node] as number;
    const child = this.parents.push(node) - 1;
    this.marks[child] = mark;
    this.rounds[child] = 0;
    this.rounds[node] = this.round;
    this.targets[node] = child;
    return child;
  }
}
