import { HmacSha256, PREPARED_KEY_LENGTH } from "../crypto/hmac.ts";
import { Image } from "./image.ts";

/** A power of two. */
const SLOTS: i32 = 512;
const TAG_WORDS: i32 = 4;

/**
 * Prepared keys of the peers that this place met last: deriving one and absorbing its pads is two thirds of what a
 * stamp's MAC costs. A slot holds one key; peers that share it take turns. A new image empties it.
 */
export class KeyCache {
  /** Per slot: two halves of the peer's node id, epoch, purpose (0: empty). */
  private readonly tags: Uint32Array = new Uint32Array(SLOTS * TAG_WORDS);
  private readonly keys: Uint8Array = new Uint8Array(SLOTS * PREPARED_KEY_LENGTH);
  private term: u32 = 0;
  private sequence: u32 = 0;

  /** Loads the key of a peer into `hmac`; false if it isn't here. */
  restore(hmac: HmacSha256, image: Image, purpose: u32, high: u32, low: u32, epoch: u32): bool {
    if (image.term != this.term || image.sequence != this.sequence) this.empty(image);
    const slot = slotOf(high, low, purpose);
    const at = slot * TAG_WORDS;
    const tags = this.tags;
    if (tags[at] != high || tags[at + 1] != low || tags[at + 2] != epoch || tags[at + 3] != purpose) return false;
    hmac.restoreKey(this.keys, slot * PREPARED_KEY_LENGTH);
    return true;
  }

  /** Keeps the key that `hmac` holds. */
  save(hmac: HmacSha256, purpose: u32, high: u32, low: u32, epoch: u32): void {
    const slot = slotOf(high, low, purpose);
    const at = slot * TAG_WORDS;
    this.tags[at] = high;
    this.tags[at + 1] = low;
    this.tags[at + 2] = epoch;
    this.tags[at + 3] = purpose;
    hmac.saveKey(this.keys, slot * PREPARED_KEY_LENGTH);
  }

  private empty(image: Image): void {
    this.term = image.term;
    this.sequence = image.sequence;
    this.tags.fill(0);
    this.keys.fill(0);
  }
}

/** Node ids are the first bytes of a hash: their low bits are as good as any. */
function slotOf(high: u32, low: u32, purpose: u32): i32 {
  return ((low ^ high ^ (purpose << 7)) & ((SLOTS - 1) as u32)) as i32;
}
