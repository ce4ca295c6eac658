/** Plain functions over stamps and keys, so that tests call both languages alike. They allocate their results. */
import { KeyDerivation } from "../decide/keys.ts";
import { decodeBase64Url, encodeBase64Url, encodedLength } from "../wire/base64url.ts";
import { copyBytes } from "../wire/bytes.ts";
import { Stamp } from "../wire/stamp.ts";
import { StampTag } from "../wire/stamp-tag.ts";

const stamp = new Stamp();
const tag = new StampTag();
const keys = new KeyDerivation();

export function toBase64Url(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(encodedLength(bytes.length));
  encodeBase64Url(bytes, 0, bytes.length, out, 0);
  return out;
}

/** The bytes of a text; empty if it is refused. */
export function fromBase64Url(text: Uint8Array): Uint8Array {
  const out = new Uint8Array(((text.length >> 2) * 3) | 0);
  return decodeBase64Url(text, 0, text.length, out, 0) ? out : new Uint8Array(0);
}

export function endpointKey(gatewayKey: Uint8Array, node: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  keys.hmac.setKey(gatewayKey, 0, gatewayKey.length);
  keys.endpointKey(node, 0, out, 0);
  return out;
}

export function deliveryKey(gatewayKey: Uint8Array, node: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  keys.hmac.setKey(gatewayKey, 0, gatewayKey.length);
  keys.deliveryKey(node, 0, out, 0);
  return out;
}

/** Bytes of a stamp from its fields, without tag. */
export function stampBody(
  kind: i32,
  hop: i32,
  keyGeneration: i32,
  overlay: u32,
  epoch: u32,
  issued: u32,
  nodesAndAddress: Uint8Array,
  path: u32,
  nonce: u32,
): Uint8Array {
  stamp.bytes.fill(0);
  stamp.version = 1;
  stamp.kind = kind;
  stamp.hop = hop;
  stamp.keyGeneration = keyGeneration;
  stamp.overlay = overlay;
  stamp.epoch = epoch;
  stamp.issued = issued;
  copyBytes(nodesAndAddress, 0, stamp.bytes, 16, 32);
  stamp.path = path;
  stamp.nonce = nonce;
  return stamp.bytes.slice();
}

/** One numeric field of a stamp, by its offset. */
export function stampField(bytes: Uint8Array, offset: i32): u32 {
  copyBytes(bytes, 0, stamp.bytes, 0, bytes.length);
  if (offset === 0) return stamp.version;
  if (offset === 1) return stamp.kind;
  if (offset === 2) return stamp.hop;
  if (offset === 3) return stamp.keyGeneration;
  if (offset === 4) return stamp.overlay;
  if (offset === 8) return stamp.epoch;
  if (offset === 12) return stamp.issued;
  return offset === 48 ? stamp.path : stamp.nonce;
}

/** The header of a stamp whose tag is computed for this flow and audience. */
export function signedHeader(
  key: Uint8Array,
  body: Uint8Array,
  destination: Uint8Array,
  protocol: i32,
  port: i32,
  audience: Uint8Array,
): Uint8Array {
  const out = new Uint8Array(96);
  copyBytes(body, 0, stamp.bytes, 0, 56);
  prepare(key, destination, protocol, port, audience);
  tag.sign(stamp);
  stamp.encode(out, 0);
  return out;
}

/** Whether a header of 96 characters is a stamp with the right tag. */
export function headerMatches(
  key: Uint8Array,
  header: Uint8Array,
  destination: Uint8Array,
  protocol: i32,
  port: i32,
  audience: Uint8Array,
): bool {
  prepare(key, destination, protocol, port, audience);
  return stamp.decode(header, 0) && tag.matches(stamp);
}

/** Checks a stamp `times` times under one prepared key, to measure; how often its tag was right. */
export function repeatHeaderMatches(key: Uint8Array, header: Uint8Array, times: i32): i32 {
  const zeros = new Uint8Array(16);
  let right = 0;
  tag.hmac.setKey(key, 0, key.length);
  for (let i = 0; i < times; i++) {
    tag.setDestination(zeros, 0, 6, 443);
    tag.setAudience(zeros, 0);
    if (stamp.decode(header, 0) && tag.matches(stamp)) right++;
  }
  return right;
}

function prepare(key: Uint8Array, destination: Uint8Array, protocol: i32, port: i32, audience: Uint8Array): void {
  tag.hmac.setKey(key, 0, key.length);
  tag.setDestination(destination, 0, protocol, port);
  tag.setAudience(audience, 0);
}
