import type { Requirement, Selector } from "../model/resources.ts";
import { lowerBound } from "./lower-bound.ts";

/** Labels of one item: values that no selector mentions may be left undefined. */
export type IndexedLabels = ReadonlyMap<string, string | undefined>;

/** Items numbered from 0: those listed, ascending, or with `others` all but those listed. */
export interface ItemSet {
  readonly others: boolean;
  readonly listed: Uint32Array;
}

/** Which of many label sets a selector matches, from lists of the items that carry each label. */
export class LabelIndex {
  private readonly byKey = new Map<string, number[]>();
  private readonly byLabel = new Map<string, Map<string, number[]>>();
  private readonly matched: Uint32Array;
  private readonly carriers: Uint32Array;

  private readonly count: number;

  constructor(items: readonly IndexedLabels[]) {
    this.count = items.length;
    this.matched = new Uint32Array((items.length + 31) >>> 5);
    this.carriers = new Uint32Array(this.matched.length);
    items.forEach((labels, item) => {
      for (const [key, value] of labels) this.add(key, value, item);
    });
  }

  /** The items that the selector matches, listed or, where those are most, by the items that it doesn't match. */
  selectSet(selector: Selector): ItemSet {
    const words = (this.count + 31) >>> 5;
    this.match(selector, 0, this.count);
    const others = countBits(this.matched, words) * 2 > this.count;
    if (others) for (let w = 0; w < words; w++) this.matched[w] = ~(this.matched[w] as number);
    // The last word's bits beyond the items were zero before they were turned.
    const listed = setBits(this.matched, 0, words);
    while (others && (listed.at(-1) ?? 0) >= this.count) listed.pop();
    return { others, listed: Uint32Array.from(listed) };
  }

  /** The items from `from` up to `to` that the selector matches, ascending. */
  select(selector: Selector, from: number, to: number): number[] {
    if (from >= to) return [];
    this.match(selector, from, to);
    return setBits(this.matched, from >>> 5, (to + 31) >>> 5);
  }

  private match(selector: Selector, from: number, to: number): void {
    const firstWord = from >>> 5;
    const endWord = (to + 31) >>> 5;
    if (from < to) setRange(this.matched, from, to, firstWord, endWord);
    for (const requirement of selector.requirements) this.require(requirement, from, to, firstWord, endWord);
  }

  private add(key: string, value: string | undefined, item: number): void {
    append(this.byKey, key, item);
    if (value === undefined) return;
    const values = this.byLabel.get(key);
    if (values === undefined) this.byLabel.set(key, new Map([[value, [item]]]));
    else append(values, value, item);
  }

  private require(
    { key, operator, values }: Requirement,
    from: number,
    to: number,
    firstWord: number,
    endWord: number,
  ): void {
    this.carriers.fill(0, firstWord, endWord);
    if (operator === "In" || operator === "NotIn") {
      const byValue = this.byLabel.get(key);
      for (const value of values) this.mark(byValue?.get(value), from, to);
    } else this.mark(this.byKey.get(key), from, to);
    const invert = operator === "NotIn" || operator === "DoesNotExist" ? 0xffffffff : 0;
    for (let w = firstWord; w < endWord; w++) {
      this.matched[w] = (this.matched[w] as number) & ((this.carriers[w] as number) ^ invert);
    }
  }

  private mark(items: readonly number[] | undefined, from: number, to: number): void {
    if (items === undefined) return;
    for (let i = lowerBound(items, from); i < items.length; i++) {
      const item = items[i] as number;
      if (item >= to) return;
      this.carriers[item >>> 5] = (this.carriers[item >>> 5] as number) | (1 << (item & 31));
    }
  }
}

function append(lists: Map<string, number[]>, key: string, item: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** Sets the bits from..to and clears the others of their words. */
function setRange(bits: Uint32Array, from: number, to: number, firstWord: number, endWord: number): void {
  bits.fill(0xffffffff, firstWord, endWord);
  bits[firstWord] = (bits[firstWord] as number) & (0xffffffff << (from & 31));
  if ((to & 31) !== 0) bits[endWord - 1] = (bits[endWord - 1] as number) & ~(0xffffffff << (to & 31));
}

function setBits(bits: Uint32Array, firstWord: number, endWord: number): number[] {
  const found: number[] = [];
  for (let w = firstWord; w < endWord; w++) {
    for (let word = bits[w] as number; word !== 0; word &= word - 1) found.push(w * 32 + 31 - Math.clz32(word & -word));
  }
  return found;
}

function countBits(bits: Uint32Array, endWord: number): number {
  let count = 0;
  for (let w = 0; w < endWord; w++) {
    for (let word = bits[w] as number; word !== 0; word &= word - 1) count++;
  }
  return count;
}
