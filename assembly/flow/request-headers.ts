import { ascii, HeaderMap, headerPairs, removeRequestHeader } from "../host/proxy.ts";

export const STAMP_HEADER: Uint8Array = ascii("sallyport-stamp");
const METHOD: Uint8Array = ascii(":method");
const AUTHORITY: Uint8Array = ascii(":authority");
const CONNECT: Uint8Array = ascii("CONNECT");
const OUR_PREFIX: Uint8Array = ascii("sallyport-");

/** The proxy's limit of a request's headers is 8 KiB; serialised they are somewhat more. */
const CAPACITY: i32 = 16384;
const ABSENT: i32 = -1;
const REPEATED: i32 = -2;

/** What a request says, read with one call of the host. A header that comes twice counts as none that we know. */
export class RequestHeaders {
  private readonly pairs: Uint8Array = new Uint8Array(CAPACITY);
  private readonly view: DataView = new DataView(this.pairs.buffer);
  private length: i32 = 0;
  private methodAt: i32 = ABSENT;
  private methodLength: i32 = 0;
  private authorityAt: i32 = ABSENT;
  private authorityLength: i32 = 0;
  private stampAt: i32 = ABSENT;
  private stampLength: i32 = 0;

  /** Reads the request's headers, and strips those of a peer that are named like ours; false if that can't be done. */
  read(): bool {
    this.methodAt = ABSENT;
    this.authorityAt = ABSENT;
    this.stampAt = ABSENT;
    this.length = headerPairs(HeaderMap.Request, this.pairs);
    if (this.length < 4) return false;
    const count = this.view.getUint32(0, true);
    if (count > (((this.length - 4) / 8) as u32)) return false;
    let at = 4 + (count as i32) * 8;
    for (let i: u32 = 0; i < count; i++) {
      const keyLength = this.view.getUint32(4 + (i as i32) * 8, true) as i32;
      const valueLength = this.view.getUint32(8 + (i as i32) * 8, true) as i32;
      if (keyLength < 0 || valueLength < 0 || keyLength > CAPACITY || valueLength > CAPACITY) return false;
      if (keyLength + valueLength + 2 > this.length - at) return false;
      this.take(at, keyLength, at + keyLength + 1, valueLength);
      at += keyLength + valueLength + 2;
    }
    return true;
  }

  isConnect(): bool {
    return this.methodAt >= 0 && this.methodLength == CONNECT.length && this.is(this.methodAt, CONNECT);
  }

  /** The authority into `to`; its length, or -1 if there isn't exactly one that fits. */
  copyAuthority(to: Uint8Array): i32 {
    if (this.authorityAt < 0 || this.authorityLength > to.length) return -1;
    for (let i = 0; i < this.authorityLength; i++) to[i] = this.pairs[this.authorityAt + i];
    return this.authorityLength;
  }

  /** The stamp into `to`; its length, -1 if absent. Two stamps, or one that doesn't fit, have a length that no stamp has. */
  copyStamp(to: Uint8Array): i32 {
    if (this.stampAt == ABSENT) return -1;
    if (this.stampAt == REPEATED || this.stampLength > to.length) return to.length;
    for (let i = 0; i < this.stampLength; i++) to[i] = this.pairs[this.stampAt + i];
    return this.stampLength;
  }

  private take(key: i32, keyLength: i32, value: i32, valueLength: i32): void {
    if (keyLength == METHOD.length && this.is(key, METHOD)) {
      this.methodAt = this.methodAt == ABSENT ? value : REPEATED;
      this.methodLength = valueLength;
    } else if (keyLength == AUTHORITY.length && this.is(key, AUTHORITY)) {
      this.authorityAt = this.authorityAt == ABSENT ? value : REPEATED;
      this.authorityLength = valueLength;
    } else if (keyLength == STAMP_HEADER.length && this.is(key, STAMP_HEADER)) {
      this.stampAt = this.stampAt == ABSENT ? value : REPEATED;
      this.stampLength = valueLength;
    } else if (keyLength > OUR_PREFIX.length && this.is(key, OUR_PREFIX)) {
      removeRequestHeader(this.pairs, key, keyLength);
    }
  }

  private is(at: i32, text: Uint8Array): bool {
    for (let i = 0; i < text.length; i++) if (this.pairs[at + i] != text[i]) return false;
    return true;
  }
}
