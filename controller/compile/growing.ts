/** A list of u32 that grows, four bytes each. */
export class GrowingU32 {
  private words = new Uint32Array(1024);
  length = 0;

  push(word: number): void {
    if (this.length === this.words.length) {
      const wider = new Uint32Array(this.length * 2);
      wider.set(this.words);
      this.words = wider;
    }
    this.words[this.length++] = word;
  }

  at(index: number): number {
    return this.words[index] as number;
  }

  set(index: number, word: number): void {
    this.words[index] = word;
  }

  /** Forgets the words from `length` on. */
  truncate(length: number): void {
    this.length = length;
  }

  /** The words so far; valid until the next `push`. */
  all(): Uint32Array {
    return this.words.subarray(0, this.length);
  }
}

/** Numbers distinct contents from 0: a hash table of numbers, whose contents the caller keeps. */
export class Interned {
  private slots = new Int32Array(1024).fill(-1);
  private hashes = new GrowingU32();

  /** The number for which `same` holds among those with this hash, or -1. */
  find(hash: number, same: (number: number) => boolean): number {
    for (let slot = hash & (this.slots.length - 1); ; slot = (slot + 1) & (this.slots.length - 1)) {
      const number = this.slots[slot] as number;
      if (number < 0 || (this.hashes.at(number) === hash >>> 0 && same(number))) return number;
    }
  }

  /** Gives the next number to a content that `find` didn't know. */
  add(hash: number): number {
    const number = this.hashes.length;
    this.hashes.push(hash >>> 0);
    if (this.hashes.length * 2 > this.slots.length) this.grow();
    else this.place(number);
    return number;
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    for (let number = 0; number < this.hashes.length; number++) this.place(number);
  }

  private place(number: number): void {
    let slot = this.hashes.at(number) & (this.slots.length - 1);
    while ((this.slots[slot] as number) >= 0) slot = (slot + 1) & (this.slots.length - 1);
    this.slots[slot] = number;
  }
}

/** One step of FNV-1a over words. */
export function mixHash(hash: number, word: number): number {
  return Math.imul(hash ^ word ^ (word >>> 15), 0x01000193);
}

export const HASH_START = 0x811c9dc5;
