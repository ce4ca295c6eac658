/**
 * Layout of a node image, the one binary a node needs: keys, addresses, compiled policy, next hops. Little-endian;
 * node ids and addresses are bytes in network order. Read in place by `decide/image.ts`, written by
 * `controller/image/encode.ts`; pinned by `test/vectors/image.json`.
 *
 *      0 u32 magic "SLP1"          4 u16 format version = 1    6 u16 section count = 15
 *      8 u32 image length         12 u32 overlay id           16 8 bytes node id
 *     24 u32 generation sequence  28 u32 generation term      32 u32 not after, unix seconds
 *     36 u32 epoch seconds        40 u8 role  41 u8 key generation  42 u8 flags  43 u8 0
 *     44 u32 default path (index into Paths)                  48 16 bytes 0
 *     64 section table: 15 x 48 bytes: u32 section number, u32 offset, u32 length, u32 0, 32 bytes SHA-256 of the section
 *        and its padding
 *    784 SHA-256 of bytes 0..784
 *    816 sections in the order of their numbers, each padded with zeros to 8 bytes, no gap and nothing after the last
 *
 * Per-section digests let the controller hash what nodes share once, and the header digest covers the table: any
 * flipped bit fails one of them.
 */
export const IMAGE_MAGIC: u32 = 0x31504c53;
export const IMAGE_VERSION: u32 = 1;
export const SECTION_COUNT: i32 = 15;
export const SECTION_TABLE: i32 = 64;
export const SECTION_ENTRY: i32 = 48;
export const HEADER_DIGEST: i32 = 784;
export const HEADER_LENGTH: i32 = 816;
/** Larger images are refused unread. */
export const IMAGE_MAX_LENGTH: i32 = 268435456;

export enum Role {
  Endpoint = 1,
  Gateway = 2,
}

/** Header flags. LoopbackMembers exists for machines without network namespaces; compile refuses it otherwise. */
export enum ImageFlag {
  LoopbackMembers = 1,
  InterceptAll = 2,
}

/** Section numbers, also their order in the image. Record layouts are at the constants below. */
export enum Section {
  /** 48-byte records: u32 epoch, u32 KeyPurpose, 8 bytes peer node id, 32 bytes key. Sorted by epoch, purpose, peer. */
  Keys = 0,
  /** 16-byte records: 8 bytes node id, u32 identity index, u32 0. All gateways of the overlay. */
  Gateways = 1,
  /** 16-byte records: u32 path id, u32 length 1..8, 8 x u8 gateway index (unused: 255). */
  Paths = 2,
  /** 16-byte records: the addresses of this node itself (an endpoint), IPv4 as ::ffff:a.b.c.d. */
  Own = 3,
  /** Open-addressing hash table of 32-byte slots: 16 bytes address, 8 bytes node id, u32 class, u32 identity index. */
  Members = 4,
  /** 24-byte records sorted by address: 16 bytes first address, u32 class, u32 0. Classes of outsiders, by range. */
  Ranges = 5,
  /**
   * 16-byte records by class: u32 egress row, u32 ingress row; NONE: this image cannot decide that side. Then, for images
   * that decide one side only, u32 row and u32 row that say by which path the far side's rules send what they allow:
   * far ingress of the class' egress, far egress of its ingress; NONE: nothing is said.
   */
  Classes = 6,
  /**
   * 8-byte records by row: u32 port set, u32 offset into Dense in entries, or NONE. Classes without an exception have
   * this port set, or with Dense one of those after it: Dense says by class how many further.
   */
  Rows = 7,
  /** Open-addressing hash table of 12-byte slots: u32 row (NONE: empty), u32 class, u32 port set. */
  Exceptions = 8,
  /** u16 by class, to add to a row's port set; rows that part classes alike share it. */
  Dense = 9,
  /** 8-byte records: u32 first interval, u32 count >= 1. */
  PortSets = 10,
  /**
   * 16-byte records sorted by start: u32 start = protocol << 16 | port, u32 rule, u32 path index or NONE, u32 Action |
   * Audit << 4 | rule of the audit << 8.
   */
  Intervals = 11,
  /** 8-byte records: u32 offset into Strings, u32 length: the name of a rule, for operators. */
  Rules = 12,
  /** 8-byte records: u32 offset into Strings, u32 length: a SPIFFE id. */
  Identities = 13,
  /** ASCII bytes. */
  Strings = 14,
}

export enum KeyPurpose {
  /** At gateway g: gatewayKey(e, g); peer = g. Endpoint and delivery keys are derived from it. */
  Gateway = 1,
  /** At gateway h: transitKey(e, peer, h), to verify stamps of the gateway before it. */
  TransitIn = 2,
  /** At gateway g: transitKey(e, g, peer), to stamp for the gateway after it. */
  TransitOut = 3,
  /** At endpoint n: endpointKey(e, peer, n), to stamp for its first gateway. */
  Endpoint = 4,
  /** At endpoint n: deliveryKey(e, peer, n), to verify stamps of its last gateway. */
  Delivery = 5,
}

/** Action of an interval; anything but Allow denies. */
export enum Action {
  Deny = 0,
  Allow = 1,
}

/** What an interval's answer would be if audited policies were enforced, where that is something else. */
export enum Audit {
  None = 0,
  Deny = 1,
  Allow = 2,
  /** Allow, by another path. */
  Path = 3,
}

export const ACTION_MASK: u32 = 15;
export const AUDIT_SHIFT: i32 = 4;
export const AUDIT_RULE_SHIFT: i32 = 8;

export const NONE: u32 = 0xffffffff;
export const KEY_RECORD: i32 = 48;
export const GATEWAY_RECORD: i32 = 16;
export const PATH_RECORD: i32 = 16;
export const PATH_MAX_LENGTH: i32 = 8;
export const OWN_RECORD: i32 = 16;
export const MEMBER_SLOT: i32 = 32;
export const RANGE_RECORD: i32 = 24;
export const CLASS_RECORD: i32 = 16;
export const ROW_RECORD: i32 = 8;
export const EXCEPTION_SLOT: i32 = 12;
export const PORT_SET_RECORD: i32 = 8;
export const INTERVAL_RECORD: i32 = 16;
export const STRING_RECORD: i32 = 8;

/**
 * Slot of an address in a Members table of `capacity` slots (a power of two), before linear probing.
 * The words are the address as four little-endian u32.
 */
export function addressSlot(a: u32, b: u32, c: u32, d: u32, capacity: u32): u32 {
  return mix((a ^ rotate(b, 11)) >>> 0, (c ^ rotate(d, 19)) >>> 0, d) & (capacity - 1);
}

/** Slot of a (row, class) pair in an Exceptions table of `capacity` slots (a power of two), before linear probing. */
export function exceptionSlot(row: u32, cls: u32, capacity: u32): u32 {
  return mix(row, cls, 0x9e3779b9) & (capacity - 1);
}

/** The final mix of Jenkins' lookup3: only xor, subtract and rotate, so both languages compute the same. */
function mix(x: u32, y: u32, z: u32): u32 {
  let a = x;
  let b = y;
  let c = z;
  c = ((c ^ b) - rotate(b, 14)) >>> 0;
  a = ((a ^ c) - rotate(c, 11)) >>> 0;
  b = ((b ^ a) - rotate(a, 25)) >>> 0;
  c = ((c ^ b) - rotate(b, 16)) >>> 0;
  a = ((a ^ c) - rotate(c, 4)) >>> 0;
  b = ((b ^ a) - rotate(a, 14)) >>> 0;
  c = ((c ^ b) - rotate(b, 24)) >>> 0;
  return c;
}

function rotate(x: u32, bits: i32): u32 {
  return ((x << bits) | (x >>> (32 - bits))) >>> 0;
}
