/** The state of a SHA-256 computation between two blocks. */
import { readU32, writeU32 } from "../wire/bytes.ts";

/** The hash value between two blocks, H(0) to H(7): also what is kept to resume from a common beginning. */
export class Sha256State {
  h0: i32 = 0;
  h1: i32 = 0;
  h2: i32 = 0;
  h3: i32 = 0;
  h4: i32 = 0;
  h5: i32 = 0;
  h6: i32 = 0;
  h7: i32 = 0;

  /** The initial hash value (section 5.3.3). */
  reset(): void {
    this.h0 = 0x6a09e667 | 0;
    this.h1 = 0xbb67ae85 | 0;
    this.h2 = 0x3c6ef372 | 0;
    this.h3 = 0xa54ff53a | 0;
    this.h4 = 0x510e527f | 0;
    this.h5 = 0x9b05688c | 0;
    this.h6 = 0x1f83d9ab | 0;
    this.h7 = 0x5be0cd19 | 0;
  }

  copyFrom(other: Sha256State): void {
    this.h0 = other.h0;
    this.h1 = other.h1;
    this.h2 = other.h2;
    this.h3 = other.h3;
    this.h4 = other.h4;
    this.h5 = other.h5;
    this.h6 = other.h6;
    this.h7 = other.h7;
  }

  /** Writes the state, 32 bytes big-endian; after the last block this is the digest. */
  write(out: Uint8Array, at: i32): void {
    writeU32(out, at, this.h0);
    writeU32(out, at + 4, this.h1);
    writeU32(out, at + 8, this.h2);
    writeU32(out, at + 12, this.h3);
    writeU32(out, at + 16, this.h4);
    writeU32(out, at + 20, this.h5);
    writeU32(out, at + 24, this.h6);
    writeU32(out, at + 28, this.h7);
  }

  read(from: Uint8Array, at: i32): void {
    this.h0 = readU32(from, at) | 0;
    this.h1 = readU32(from, at + 4) | 0;
    this.h2 = readU32(from, at + 8) | 0;
    this.h3 = readU32(from, at + 12) | 0;
    this.h4 = readU32(from, at + 16) | 0;
    this.h5 = readU32(from, at + 20) | 0;
    this.h6 = readU32(from, at + 24) | 0;
    this.h7 = readU32(from, at + 28) | 0;
  }
}
