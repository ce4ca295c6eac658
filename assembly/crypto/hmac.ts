/** HMAC-SHA-256 (RFC 2104, FIPS 198-1); pinned by `test/vectors/hmac.json`. */
import { copyBytes, fillBytes } from "../wire/bytes.ts";
import { BLOCK_LENGTH, DIGEST_LENGTH, Sha256 } from "./sha256.ts";
import { Sha256State } from "./sha256-state.ts";

/** Length of a prepared key: the hash states after the inner and after the outer pad. As secret as the key. */
export const PREPARED_KEY_LENGTH: i32 = 64;

/** Reusable: all it needs is allocated with it. A key is prepared once; each message then costs two blocks less. */
export class HmacSha256 {
  private readonly sha: Sha256 = new Sha256();
  private readonly inner: Sha256State = new Sha256State();
  private readonly outer: Sha256State = new Sha256State();
  private readonly pad: Uint8Array = new Uint8Array(64);
  private readonly digest: Uint8Array = new Uint8Array(32);

  /** Prepares a key; one longer than 64 bytes is hashed first. */
  setKey(key: Uint8Array, at: i32, length: i32): void {
    fillBytes(this.pad, 0, BLOCK_LENGTH, 0);
    if (length > BLOCK_LENGTH) {
      this.sha.reset();
      this.sha.update(key, at, length);
      this.sha.digest(this.pad, 0);
    } else {
      copyBytes(key, at, this.pad, 0, length);
    }
    this.absorbPad(0x36, this.inner);
    // The pad now holds key xor 0x36; this turns it into key xor 0x5c.
    this.absorbPad(0x36 ^ 0x5c, this.outer);
  }

  /** Saves the prepared key: a cache of prepared keys costs no hashing. */
  saveKey(out: Uint8Array, at: i32): void {
    this.inner.write(out, at);
    this.outer.write(out, at + DIGEST_LENGTH);
  }

  /** Takes a prepared key that `saveKey` wrote. */
  restoreKey(saved: Uint8Array, at: i32): void {
    this.inner.read(saved, at);
    this.outer.read(saved, at + DIGEST_LENGTH);
  }

  begin(): void {
    this.sha.resume(this.inner, BLOCK_LENGTH);
  }

  update(bytes: Uint8Array, at: i32, length: i32): void {
    this.sha.update(bytes, at, length);
  }

  /** Writes the 32-byte code; `begin` starts the next message under the same key. */
  finish(out: Uint8Array, at: i32): void {
    this.sha.digest(this.digest, 0);
    this.sha.resume(this.outer, BLOCK_LENGTH);
    this.sha.update(this.digest, 0, DIGEST_LENGTH);
    this.sha.digest(out, at);
  }

  private absorbPad(flip: i32, state: Sha256State): void {
    for (let i = 0; i < BLOCK_LENGTH; i++) this.pad[i] = ((this.pad[i] as i32) ^ flip) as u8;
    this.sha.reset();
    this.sha.update(this.pad, 0, BLOCK_LENGTH);
    this.sha.saveTo(state);
  }
}
