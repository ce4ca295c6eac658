/** Plain functions over the classes of `crypto`, so that tests call both languages alike. They allocate their results. */
import { HmacSha256, PREPARED_KEY_LENGTH } from "../crypto/hmac.ts";
import { Sha256 } from "../crypto/sha256.ts";

const sha = new Sha256();
const hmac = new HmacSha256();

/** Digest of a message taken in as two pieces, the first `split` bytes long. */
export function sha256(message: Uint8Array, split: i32): Uint8Array {
  const out = new Uint8Array(32);
  sha.reset();
  sha.update(message, 0, split);
  sha.update(message, split, message.length - split);
  sha.digest(out, 0);
  return out;
}

export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  hmac.setKey(key, 0, key.length);
  hmac.begin();
  hmac.update(message, 0, message.length);
  hmac.finish(out, 0);
  return out;
}

/** The same code, under a key that was prepared, saved, replaced by another and restored. */
export function hmacFromSavedKey(key: Uint8Array, message: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  const saved = new Uint8Array(PREPARED_KEY_LENGTH);
  hmac.setKey(key, 0, key.length);
  hmac.saveKey(saved, 0);
  hmac.setKey(saved, 0, saved.length);
  hmac.restoreKey(saved, 0);
  hmac.begin();
  hmac.update(message, 0, message.length);
  hmac.finish(out, 0);
  return out;
}

/** Hashes the first `length` bytes `times` times, to measure. */
export function repeatSha256(message: Uint8Array, length: i32, times: i32): void {
  const out = new Uint8Array(32);
  for (let i = 0; i < times; i++) {
    sha.reset();
    sha.update(message, 0, length);
    sha.digest(out, 0);
  }
}

/** Computes the code of the first `length` bytes `times` times under one prepared key, to measure. */
export function repeatHmac(key: Uint8Array, message: Uint8Array, length: i32, times: i32): void {
  const out = new Uint8Array(32);
  hmac.setKey(key, 0, key.length);
  for (let i = 0; i < times; i++) {
    hmac.begin();
    hmac.update(message, 0, length);
    hmac.finish(out, 0);
  }
}
