import { Partition } from "./partition.ts";
import { type AddressRange, Segments } from "./ranges.ts";

/**
 * The address space in zones: addresses that no block tells apart. Zone 0 is in no block; the others are numbered by
 * address, or as in the zones before as far as possible.
 */
export class Zones {
  /** Numbers are below; some may be of no zone. */
  readonly count: number;
  private readonly segments: Segments;
  /** The zone of each segment. */
  private readonly ofSegment: readonly number[];

  constructor(blocks: readonly (readonly AddressRange[] | undefined)[], before?: Zones) {
    this.segments = new Segments(blocks.flatMap((ranges) => ranges ?? []));
    // Element 0 stands for addresses in no block, should there be none.
    const partition = new Partition(new Array<number>(1 + this.segments.starts.length).fill(0));
    for (const ranges of blocks) partition.cut((ranges ?? []).flatMap((range) => this.within(range)).map((s) => 1 + s));
    const numbers = new Map([[partition.parts[0] as number, 0]]);
    const taken = new Set([0]);
    const parts = partition.parts.slice(1);
    const number = (part: number, zone: number) => {
      if (numbers.has(part) || taken.has(zone)) return;
      numbers.set(part, zone);
      taken.add(zone);
    };
    if (before !== undefined)
      parts.forEach((part, segment) => {
        number(part, before.at(this.segments.starts[segment] as bigint));
      });
    let next = 1;
    for (const part of parts) {
      while (taken.has(next)) next++;
      number(part, next);
    }
    this.ofSegment = parts.map((part) => numbers.get(part) as number);
    this.count = 1 + Math.max(...taken);
  }

  /** The zone of an address. */
  at(address: bigint): number {
    return this.ofSegment[this.segments.at(address)] as number;
  }

  /** The zones that make up one of the blocks given at construction, in no order. */
  of(ranges: readonly AddressRange[]): number[] {
    const zones = new Set<number>();
    for (const range of ranges) for (const segment of this.within(range)) zones.add(this.ofSegment[segment] as number);
    return [...zones];
  }

  /** Where the zone changes, ascending; zone 0 before the first. */
  changes(): { readonly first: bigint; readonly class: number }[] {
    const changes: { first: bigint; class: number }[] = [];
    this.segments.starts.forEach((first, segment) => {
      const zone = this.ofSegment[segment] as number;
      if (zone !== (changes.at(-1)?.class ?? 0)) changes.push({ first, class: zone });
    });
    return changes;
  }

  private within(range: AddressRange): number[] {
    const [from, to] = this.segments.span(range);
    return Array.from({ length: to - from }, (_, i) => from + i);
  }
}
