import type { Classes } from "./classes.ts";
import type { Clause } from "./clauses.ts";
import type { NumberSet } from "./groups.ts";
import type { Subsets } from "./subsets.ts";

/** Finds the classes that clauses' peers cover. */
export class Peers {
  private readonly covered: Uint8Array;

  constructor(private readonly classes: Classes) {
    this.covered = new Uint8Array(classes.count);
  }

  /** Marks the peers of a clause. */
  mark(covering: Subsets, clause: Clause, mark: number): void {
    const single = this.single(clause);
    if (clause.everyone) covering.markAll(mark);
    else if (single !== undefined) covering.markSome(single, mark);
    else this.markUnion(covering, clause, mark);
  }

  /** The classes of a clause with one peer that is a plain list. */
  private single({ pods, blocks }: Clause): ArrayLike<number> | undefined {
    if (pods.length + blocks.length !== 1) return undefined;
    const block = this.classes.blocks[blocks[0] ?? -1];
    if (block !== undefined) return block.length * 2 <= this.classes.count ? block : undefined;
    const set = this.classes.selected[pods[0] ?? -1];
    return set?.others === false ? set.listed : undefined;
  }

  private markUnion(covering: Subsets, { pods, blocks }: Clause, mark: number): void {
    this.covered.fill(0);
    for (const selection of pods) this.coverPods(this.classes.selected[selection] as NumberSet);
    for (const block of blocks) {
      const classes = this.classes.blocks[block] as Uint32Array;
      for (let i = 0; i < classes.length; i++) this.covered[classes[i] as number] = 1;
    }
    const inside: number[] = [];
    const outside: number[] = [];
    for (let cls = 0; cls < this.covered.length; cls++) (this.covered[cls] === 1 ? inside : outside).push(cls);
    if (inside.length <= outside.length) covering.markSome(inside, mark);
    else covering.markOthers(outside, mark);
  }

  private coverPods({ others, listed }: NumberSet): void {
    if (!others) for (let i = 0; i < listed.length; i++) this.covered[listed[i] as number] = 1;
    else {
      let next = 0;
      for (let cls = this.classes.firstMember; cls < this.classes.count; cls++) {
        if (listed[next] === cls) next++;
        else this.covered[cls] = 1;
      }
    }
  }
}
