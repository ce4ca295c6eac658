/** Stamps as an attacker wishes them, and the keys that a stolen image gives away. */
import { randomBytes } from "node:crypto";
import { Destination } from "../../assembly/wire/destination.ts";
import { KEY_RECORD, type KeyPurpose, SECTION_ENTRY, SECTION_TABLE, Section } from "../../assembly/wire/image.ts";
import { Stamp, StampField, StampKind } from "../../assembly/wire/stamp.ts";
import { StampTag } from "../../assembly/wire/stamp-tag.ts";

/** What a stamp says; fields left out are those of a flow that the node may really make. */
export interface StampWish {
  readonly kind?: StampKind;
  readonly hop?: number;
  readonly version?: number;
  readonly keyGeneration?: number;
  readonly overlay?: number;
  readonly epoch?: number;
  readonly issued?: number;
  /** 16 hex digits. */
  readonly sourceNode?: string;
  readonly stampingNode?: string;
  readonly sourceAddress?: string;
  readonly path?: number;
  /** The tag is made for this destination and audience, whatever is asked for later. */
  readonly destination: string;
  readonly audience: string;
  /** 32 bytes, hex; default: a random key, a forgery. */
  readonly key?: string;
}

/** The header value of a stamp as wished. */
export function makeStamp(wish: StampWish): string {
  const stamp = new Stamp();
  const now = Math.floor(Date.now() / 1000);
  stamp.version = wish.version ?? 1;
  stamp.kind = wish.kind ?? StampKind.Endpoint;
  stamp.hop = wish.hop ?? 0;
  stamp.keyGeneration = wish.keyGeneration ?? 0;
  stamp.overlay = wish.overlay ?? 0;
  stamp.epoch = wish.epoch ?? 0;
  stamp.issued = wish.issued ?? now;
  stamp.path = wish.path ?? 0;
  stamp.nonce = randomBytes(4).readUInt32BE();
  stamp.bytes.set(Buffer.from(wish.sourceNode ?? "00".repeat(8), "hex"), StampField.SourceNode);
  stamp.bytes.set(Buffer.from(wish.stampingNode ?? wish.sourceNode ?? "00".repeat(8), "hex"), StampField.StampingNode);
  stamp.bytes.set(addressOf(`${wish.sourceAddress ?? "0.0.0.0"}:1`).address, StampField.SourceAddress);
  const to = addressOf(wish.destination);
  const tag = new StampTag();
  tag.hmac.setKey(wish.key === undefined ? randomBytes(32) : Buffer.from(wish.key, "hex"), 0, 32);
  tag.setDestination(to.address, 0, 6, to.port);
  tag.setAudience(Buffer.from(wish.audience, "hex"), 0);
  tag.sign(stamp);
  const text = new Uint8Array(96);
  stamp.encode(text, 0);
  return Buffer.from(text).toString("ascii");
}

function addressOf(text: string): Destination {
  const destination = new Destination();
  const bytes = Buffer.from(text, "ascii");
  destination.decode(bytes, 0, bytes.length);
  return destination;
}

export interface StolenKey {
  readonly epoch: number;
  readonly purpose: KeyPurpose;
  /** 16 hex digits. */
  readonly peer: string;
  /** 32 bytes, hex. */
  readonly key: string;
}

/** All keys of an image; whoever has the image has them. */
export function keysOf(image: Buffer): StolenKey[] {
  const entry = SECTION_TABLE + Section.Keys * SECTION_ENTRY;
  const from = image.readUInt32LE(entry + 4);
  const count = image.readUInt32LE(entry + 8) / KEY_RECORD;
  return Array.from({ length: count }, (_, i) => {
    const at = from + i * KEY_RECORD;
    return {
      epoch: image.readUInt32LE(at),
      purpose: image.readUInt32LE(at + 4),
      peer: image.toString("hex", at + 8, at + 16),
      key: image.toString("hex", at + 16, at + 48),
    };
  });
}
