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
  readonly allPods: PodSelection[] = [];
  readonly allBlocks: (readonly AddressRange[])[] = [];
  private readonly numbers = new Map<string, number>();

  /** The number of a selection; equal ones share it. */
  pods(selection: PodSelection): number {
    if ("identity" in selection) return this.number(`@ ${selection.identity}`, this.allPods, selection);
    const place = "namespace" in selection ? `= ${selection.namespace}` : `~ ${selectorText(selection.namespaces)}`;
    return this.number(`${place}\n\n${selectorText(selection.pods)}`, this.allPods, selection);
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
    return this.number(ranges.map(({ first, last }) => `${first}-${last}`).join(), this.allBlocks, ranges);
  }

  /** The number of a set of single addresses; texts that are none count for nothing. */
  addresses(texts: readonly string[]): number {
    const numbers = texts.flatMap((text) => {
      const bytes = parseAddress(text);
      return bytes === undefined ? [] : [addressNumber(bytes)];
    });
    const sorted = [...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1));
    return this.number(
      sorted.join(),
      this.allBlocks,
      sorted.map((address) => ({ first: address, last: address })),
    );
  }

  private number<T>(text: string, all: T[], value: T): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, all.length);
    return all.push(value) - 1;
  }
}
