import { parseAddress } from "../model/address.ts";
import type { BlockPeer, Selector } from "../model/resources.ts";
import { selectorText } from "../model/selectors.ts";
import { type AddressRange, addressNumber, blockRanges, without } from "./ranges.ts";

/** Pods of one namespace, or of all namespaces that a selector matches. */
export type PodSelection =
  | { readonly namespace: string; readonly pods: Selector }
  | { readonly namespaces: Selector; readonly pods: Selector }
  | IdentitySelection;

/** Members by SPIFFE id, or by what theirs begin with: `spiffe://shop/ns/web/*`. */
export interface IdentitySelection {
  readonly identity: string;
}

/** The distinct selections of pods and of addresses that policies make, numbered from 0. */
export class Selections {
  private readonly podNumbers = new Numbered<PodSelection>();
  private readonly blockNumbers = new Numbered<readonly AddressRange[]>();

  /** By number; undefined: a number that is free. */
  get allPods(): readonly (PodSelection | undefined)[] {
    return this.podNumbers.values;
  }

  get allBlocks(): readonly (readonly AddressRange[] | undefined)[] {
    return this.blockNumbers.values;
  }

  /** Forgets all but these; the numbers of the others will be given again. */
  keep(pods: ReadonlySet<number>, blocks: ReadonlySet<number>): void {
    this.podNumbers.keep(pods);
    this.blockNumbers.keep(blocks);
  }

  /** The number of a selection; equal ones share it. */
  pods(selection: PodSelection): number {
    if ("identity" in selection) return this.podNumbers.number(`@ ${selection.identity}`, selection);
    const place = "namespace" in selection ? `= ${selection.namespace}` : `~ ${selectorText(selection.namespaces)}`;
    return this.podNumbers.number(`${place}\n\n${selectorText(selection.pods)}`, selection);
  }

  /** The number of a block, or undefined if it or one of its exceptions is none: half of it could allow too much. */
  block({ cidr, except }: Pick<BlockPeer, "cidr" | "except">): number | undefined {
    let ranges = blockRanges(cidr);
    for (const text of except) {
      const holes = blockRanges(text);
      if (holes === undefined) return undefined;
      for (const hole of holes) ranges = ranges && without(ranges, hole);
    }
    if (ranges === undefined) return undefined;
    return this.blockNumbers.number(ranges.map(({ first, last }) => `${first}-${last}`).join(), ranges);
  }

  /** The number of a set of single addresses; texts that are none count for nothing. */
  addresses(texts: readonly string[]): number {
    const numbers = texts.flatMap((text) => {
      const bytes = parseAddress(text);
      return bytes === undefined ? [] : [addressNumber(bytes)];
    });
    const sorted = [...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1));
    return this.blockNumbers.number(
      sorted.join(),
      sorted.map((address) => ({ first: address, last: address })),
    );
  }
}

/** Values by a text that equal ones share, numbered. */
class Numbered<T> {
  readonly values: (T | undefined)[] = [];
  private readonly texts: string[] = [];
  private readonly free: number[] = [];
  private readonly numbers = new Map<string, number>();

  number(text: string, value: T): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.free.pop() ?? this.values.length;
    this.numbers.set(text, number);
    this.texts[number] = text;
    this.values[number] = value;
    return number;
  }

  keep(wanted: ReadonlySet<number>): void {
    for (let number = 0; number < this.values.length; number++) {
      if (this.values[number] === undefined || wanted.has(number)) continue;
      this.values[number] = undefined;
      this.numbers.delete(this.texts[number] as string);
      this.free.push(number);
    }
  }
}
