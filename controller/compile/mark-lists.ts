import { GrowingU32 } from "./growing.ts";

/**
 * Ordered lists of marks as a tree: a list is a node, its parent the list without the last mark. Elements that share
 * everything so far share a node.
 */
export class MarkLists {
  /** The empty list. */
  static readonly EMPTY = 0;

  private readonly parents = new GrowingU32();
  private readonly marks = new GrowingU32();
  /** In the current round: the node that a node becomes. */
  private readonly children = new GrowingU32();
  private readonly rounds = new GrowingU32();
  private round = 0;

  constructor() {
    this.add(MarkLists.EMPTY, 0);
  }

  /** Begins a new mark; each is put in one round only. */
  begin(): void {
    this.round++;
  }

  /** The list `node` with this round's mark at its end. */
  with(node: number, mark: number): number {
    if (this.rounds.at(node) === this.round) return this.children.at(node);
    const child = this.add(node, mark);
    this.rounds.set(node, this.round);
    this.children.set(node, child);
    return child;
  }

  /** The marks of a list in the order they were put. */
  list(node: number): number[] {
    const marks: number[] = [];
    for (let n = node; n !== MarkLists.EMPTY; n = this.parents.at(n)) marks.push(this.marks.at(n));
    return marks.reverse();
  }

  /** Forgets all lists but the empty one. */
  reset(): void {
    for (const words of [this.parents, this.marks, this.children, this.rounds]) words.truncate(1);
    this.rounds.set(MarkLists.EMPTY, 0);
  }

  private add(parent: number, mark: number): number {
    this.parents.push(parent);
    this.marks.push(mark);
    this.children.push(0);
    this.rounds.push(0);
    return this.parents.length - 1;
  }
}
