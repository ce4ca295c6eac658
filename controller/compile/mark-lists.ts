/**
 * Ordered lists of marks as a tree: a list is a node, its parent the list without the last mark. Elements that share
 * everything so far share a node.
 */
export class MarkLists {
  /** The empty list. */
  static readonly EMPTY = 0;

  private readonly parents = [0];
  private readonly marks = [-1];
  /** In the current round: the node that a node becomes. */
  private readonly children = [0];
  private readonly rounds = [0];
  private round = 0;

  /** Begins a new mark; each is put in one round only. */
  begin(): void {
    this.round++;
  }

  /** The list `node` with this round's mark at its end. */
  with(node: number, mark: number): number {
    if (this.rounds[node] === this.round) return this.children[node] as number;
    const child = this.parents.push(node) - 1;
    this.marks[child] = mark;
    this.rounds[child] = 0;
    this.rounds[node] = this.round;
    this.children[node] = child;
    return child;
  }

  /** The marks of a list in the order they were put. */
  list(node: number): number[] {
    const marks: number[] = [];
    for (let n = node; n !== MarkLists.EMPTY; n = this.parents[n] as number) marks.push(this.marks[n] as number);
    return marks.reverse();
  }

  /** Forgets all lists but the empty one. */
  reset(): void {
    this.parents.length = 1;
    this.rounds[0] = 0;
  }
}
