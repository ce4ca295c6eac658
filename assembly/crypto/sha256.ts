/** SHA-256 (FIPS 180-4) over messages that come in pieces; pinned by `test/vectors/sha256.json`. */
import { copyBytes, fillBytes, writeU32 } from "../wire/bytes.ts";
import { compress } from "./sha256-block.ts";
import { Sha256State } from "./sha256-state.ts";

export const DIGEST_LENGTH: i32 = 32;
export const BLOCK_LENGTH: i32 = 64;
/** Where the last block holds the length of the message, in bits. */
const BITS_AT: i32 = 56;

/** Reusable: all it needs is allocated with it. Messages are shorter than 2^31 bytes. */
export class Sha256 {
  private readonly state: Sha256State = new Sha256State();
  private readonly block: Uint8Array = new Uint8Array(64);
  /** Bytes of the message so far; the last `length & 63` of them wait in `block`. */
  private length: i32 = 0;

  reset(): void {
    this.state.reset();
    this.length = 0;
  }

  /** Saves the state after a whole number of blocks. */
  saveTo(state: Sha256State): void {
    state.copyFrom(this.state);
  }

  /** Goes on from a saved state, `length` bytes (a multiple of 64) into the message. */
  resume(state: Sha256State, length: i32): void {
    this.state.copyFrom(state);
    this.length = length;
  }

  update(bytes: Uint8Array, at: i32, length: i32): void {
    const end = at + length;
    let from = at;
    const waiting = this.length & 63;
    this.length += length;
    if (waiting > 0) {
      const count = length < BLOCK_LENGTH - waiting ? length : BLOCK_LENGTH - waiting;
      copyBytes(bytes, from, this.block, waiting, count);
      if (waiting + count < BLOCK_LENGTH) return;
      compress(this.state, this.block, 0);
      from += count;
    }
    for (; from + BLOCK_LENGTH <= end; from += BLOCK_LENGTH) compress(this.state, bytes, from);
    copyBytes(bytes, from, this.block, 0, end - from);
  }

  /** Writes the 32-byte digest. Reset or resume before the next message. */
  digest(out: Uint8Array, at: i32): void {
    let filled = this.length & 63;
    this.block[filled++] = 0x80;
    if (filled > BITS_AT) {
      fillBytes(this.block, filled, BLOCK_LENGTH - filled, 0);
      compress(this.state, this.block, 0);
      filled = 0;
    }
    fillBytes(this.block, filled, BITS_AT - filled, 0);
    writeU32(this.block, BITS_AT, this.length >>> 29);
    writeU32(this.block, BITS_AT + 4, this.length << 3);
    compress(this.state, this.block, 0);
    this.state.write(out, at);
  }
}
