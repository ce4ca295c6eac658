import type { Budget } from "./budget.ts";
import { type ClassSet, MEMBERS, OUTSIDERS } from "./class-set.ts";
import type { Classes } from "./classes.ts";
import { MarkLists } from "./mark-lists.ts";
import type { RegionMaps, Regions } from "./regions.ts";

/** In one row: the ordered clauses that cover each region, and each class that some clause tells apart from its region. */
export class Covering {
  private readonly lists = new MarkLists();
  private regions: Regions | undefined;
  private regionNodes: number[] = [];
  /** -1: as its region. */
  private readonly nodes: Int32Array;
  private readonly apartList: Uint32Array;
  private apartCount = 0;
  /** In the current clause: by how many peers more or less than its region a class is covered, and in which round. */
  private readonly surplus: Int32Array;
  private readonly rounds: Int32Array;
  private round = 0;

  constructor(
    private readonly classes: Classes,
    private readonly maps: RegionMaps,
    private readonly budget: Budget,
  ) {
    this.nodes = new Int32Array(classes.count).fill(-1);
    this.apartList = new Uint32Array(classes.count);
    this.surplus = new Int32Array(classes.count);
    this.rounds = new Int32Array(classes.count);
  }

  /** Begins a row. */
  reset(regions: Regions): void {
    for (let i = 0; i < this.apartCount; i++) this.nodes[this.apartList[i] as number] = -1;
    this.apartCount = 0;
    this.lists.reset();
    this.regions = regions;
    this.regionNodes = regions.samples.map(() => MarkLists.EMPTY);
  }

  /** Marks everything that one of the sets holds; marks ascend. */
  mark(sets: readonly ClassSet[], mark: number): void {
    const { of, samples } = this.regions as Regions;
    const covered = samples.map((_, region) => sets.reduce((sum, set) => sum + (this.holds(set, region) ? 1 : 0), 0));
    const steps = covered.some((times) => times > 0) ? this.apartCount : 0;
    this.budget.spendSteps(samples.length * sets.length + steps);
    this.round++;
    this.lists.begin();
    const deviating = this.deviating(sets);
    if (steps > 0) {
      for (let i = 0; i < this.apartCount; i++) {
        const cls = this.apartList[i] as number;
        if (this.rounds[cls] !== this.round && (covered[of[cls] as number] as number) > 0) this.step(cls, mark);
      }
    }
    for (const cls of deviating) {
      if ((covered[of[cls] as number] as number) + (this.surplus[cls] as number) > 0) this.step(cls, mark);
    }
    covered.forEach((times, region) => {
      if (times > 0) this.regionNodes[region] = this.lists.with(this.regionNodes[region] as number, mark);
    });
  }

  /** Classes that may have another list than their region, in no order. */
  get apart(): Uint32Array {
    return this.apartList.subarray(0, this.apartCount);
  }

  /** A number that equal lists of clauses share. */
  node(cls: number): number {
    return this.nodes[cls] as number;
  }

  nodeOfRegion(region: number): number {
    return this.regionNodes[region] as number;
  }

  list(node: number): number[] {
    return this.lists.list(node);
  }

  /** Classes that the sets toggle, with their surplus counted. */
  private deviating(sets: readonly ClassSet[]): number[] {
    const { of } = this.regions as Regions;
    const deviating: number[] = [];
    for (const set of sets) {
      if (this.maps.large(set) >= 0) continue;
      this.budget.spendSteps(set.toggled.length);
      for (let i = 0; i < set.toggled.length; i++) {
        const cls = set.toggled[i] as number;
        if (this.rounds[cls] !== this.round) {
          this.rounds[cls] = this.round;
          this.surplus[cls] = 0;
          deviating.push(cls);
        }
        const held = this.holds(set, of[cls] as number);
        this.surplus[cls] = (this.surplus[cls] as number) + (held ? -1 : 1);
        this.touch(cls);
      }
    }
    return deviating;
  }

  /** Does the set hold the region, apart from classes that it toggles? */
  private holds(set: ClassSet, region: number): boolean {
    const { samples, within } = this.regions as Regions;
    const large = this.maps.large(set);
    if (large >= 0) return within.get(large)?.[region] === true;
    const side = (samples[region] as number) < this.classes.firstMember ? OUTSIDERS : MEMBERS;
    return (set.base & side) !== 0;
  }

  private touch(cls: number): void {
    if ((this.nodes[cls] as number) >= 0) return;
    this.nodes[cls] = this.regionNodes[(this.regions as Regions).of[cls] as number] as number;
    this.apartList[this.apartCount++] = cls;
  }

  private step(cls: number, mark: number): void {
    this.nodes[cls] = this.lists.with(this.nodes[cls] as number, mark);
  }
}
