import type { Budget } from "./budget.ts";
import { type ClassSet, MEMBERS } from "./class-set.ts";
import { MarkLists } from "./mark-lists.ts";

/**
 * For each member class the ordered list of sets that hold it. With the budget spent, nothing more is marked.
 */
export class Subsets {
  private readonly lists = new MarkLists();
  /** -1: the list that all classes share that no mark has told apart. */
  private readonly nodes: Int32Array;
  private readonly touched: number[] = [];
  private shared = MarkLists.EMPTY;

  constructor(
    classCount: number,
    private readonly budget: Budget,
  ) {
    this.nodes = new Int32Array(classCount).fill(-1);
  }

  /** Puts a mark, which wasn't put before, on the members of a set. */
  mark({ base, toggled }: ClassSet, mark: number): void {
    const all = (base & MEMBERS) !== 0;
    this.budget.spendSteps(1 + toggled.length + (all ? this.touched.length : 0));
    if (this.budget.spent) return;
    this.lists.begin();
    for (let i = 0; i < toggled.length; i++) this.touch(toggled[i] as number);
    if (!all) for (let i = 0; i < toggled.length; i++) this.step(toggled[i] as number, mark);
    else {
      const spared = toggled.map((cls) => this.nodes[cls] as number);
      for (const cls of this.touched) this.step(cls, mark);
      this.shared = this.lists.with(this.shared, mark);
      for (let i = 0; i < toggled.length; i++) this.nodes[toggled[i] as number] = spared[i] as number;
    }
  }

  /** A number that classes with the same list share. */
  node(cls: number): number {
    const node = this.nodes[cls] as number;
    return node < 0 ? this.shared : node;
  }

  /** The marks of a node in the order they were put. */
  list(node: number): number[] {
    return this.lists.list(node);
  }

  private touch(cls: number): void {
    if ((this.nodes[cls] as number) >= 0) return;
    this.nodes[cls] = this.shared;
    this.touched.push(cls);
  }

  private step(cls: number, mark: number): void {
    this.nodes[cls] = this.lists.with(this.nodes[cls] as number, mark);
  }
}
