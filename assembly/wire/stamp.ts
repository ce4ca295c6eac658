/**
 * A stamp: what a node that lets a flow go on shows the next node, 72 bytes, big-endian. It is carried as the header
 * `sallyport-stamp`, 96 base64url characters. Pinned by `test/vectors/stamp.json`.
 *
 *      0 u8 version = 1        1 u8 StampKind        2 u8 hop index (0 = first gateway)     3 u8 key generation
 *      4 u32 overlay           8 u32 epoch          12 u32 issued, unix seconds
 *     16 8 bytes source node (0: an outsider admitted by an ingress gateway)
 *     24 8 bytes stamping node (endpoint or gateway)
 *     32 16 bytes source address, IPv4 as ::ffff:a.b.c.d
 *     48 u32 path id          52 u32 nonce          56 16 bytes tag
 *
 * The tag covers what the stamp says and what it is for (`stamp-tag.ts`).
 */
import { decodeBase64Url, encodeBase64Url } from "./base64url.ts";
import { readU32, writeU32 } from "./bytes.ts";

export const STAMP_VERSION: i32 = 1;
const STAMP_LENGTH: i32 = 72;
export const STAMP_HEADER_LENGTH: i32 = 96;
/** Bytes before the tag. */
export const STAMP_BODY_LENGTH: i32 = 56;
export const STAMP_TAG_LENGTH: i32 = 16;

export enum StampKind {
  /** Made by an endpoint for its first gateway. */
  Endpoint = 1,
  /** Made by a gateway for the next gateway of the path. */
  Transit = 2,
  /** Made by the last gateway for the destination. */
  Delivery = 3,
}

/** Offsets of the fields. */
export enum StampField {
  Version = 0,
  Kind = 1,
  Hop = 2,
  KeyGeneration = 3,
  Overlay = 4,
  Epoch = 8,
  Issued = 12,
  SourceNode = 16,
  StampingNode = 24,
  SourceAddress = 32,
  Path = 48,
  Nonce = 52,
  Tag = 56,
}

/** One stamp in its own 72 bytes; node ids, the address and the tag are used in place, at their `StampField`. */
export class Stamp {
  readonly bytes: Uint8Array = new Uint8Array(72);

  /** Takes 96 characters of a header; false if they are not there or one is not of the base64url alphabet. */
  decode(text: Uint8Array, at: i32): bool {
    if (at < 0 || text.length - at < STAMP_HEADER_LENGTH) return false;
    return decodeBase64Url(text, at, STAMP_HEADER_LENGTH, this.bytes, 0);
  }

  /** Writes the 96 characters of the header. */
  encode(out: Uint8Array, at: i32): void {
    encodeBase64Url(this.bytes, 0, STAMP_LENGTH, out, at);
  }

  get version(): i32 {
    return this.bytes[StampField.Version] as i32;
  }

  set version(value: i32) {
    this.bytes[StampField.Version] = value as u8;
  }

  get kind(): i32 {
    return this.bytes[StampField.Kind] as i32;
  }

  set kind(value: i32) {
    this.bytes[StampField.Kind] = value as u8;
  }

  get hop(): i32 {
    return this.bytes[StampField.Hop] as i32;
  }

  set hop(value: i32) {
    this.bytes[StampField.Hop] = value as u8;
  }

  get keyGeneration(): i32 {
    return this.bytes[StampField.KeyGeneration] as i32;
  }

  set keyGeneration(value: i32) {
    this.bytes[StampField.KeyGeneration] = value as u8;
  }

  get overlay(): u32 {
    return readU32(this.bytes, StampField.Overlay);
  }

  set overlay(value: u32) {
    writeU32(this.bytes, StampField.Overlay, value);
  }

  get epoch(): u32 {
    return readU32(this.bytes, StampField.Epoch);
  }

  set epoch(value: u32) {
    writeU32(this.bytes, StampField.Epoch, value);
  }

  get issued(): u32 {
    return readU32(this.bytes, StampField.Issued);
  }

  set issued(value: u32) {
    writeU32(this.bytes, StampField.Issued, value);
  }

  get path(): u32 {
    return readU32(this.bytes, StampField.Path);
  }

  set path(value: u32) {
    writeU32(this.bytes, StampField.Path, value);
  }

  get nonce(): u32 {
    return readU32(this.bytes, StampField.Nonce);
  }

  set nonce(value: u32) {
    writeU32(this.bytes, StampField.Nonce, value);
  }
}
