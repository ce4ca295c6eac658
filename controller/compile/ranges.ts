import { parseBlock } from "../model/address.ts";

/** Addresses as the number that their 16 bytes spell, so that ranges are plain arithmetic. Both bounds are included. */
export interface AddressRange {
  readonly first: bigint;
  readonly last: bigint;
}

const IPV4: AddressRange = { first: 0xffff00000000n, last: 0xffffffffffffn };
const LAST_ADDRESS = (1n << 128n) - 1n;

export function addressNumber(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

export function addressBytes(address: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, address >> 64n);
  view.setBigUint64(8, address & 0xffffffffffffffffn);
  return bytes;
}

/** The addresses of a block, ascending and disjoint (`::/0` has a hole where IPv4 lives), or undefined for no block. */
export function blockRanges(cidr: string): AddressRange[] | undefined {
  const block = parseBlock(cidr);
  if (block === undefined) return undefined;
  const first = addressNumber(block.first);
  const whole = { first, last: first + (1n << BigInt(128 - block.bits)) - 1n };
  return block.family === 4 ? [whole] : without([whole], IPV4);
}

/** `ranges` less one range; order and disjointness are kept. */
export function without(ranges: readonly AddressRange[], hole: AddressRange): AddressRange[] {
  const rest: AddressRange[] = [];
  for (const { first, last } of ranges) {
    if (hole.last < first || hole.first > last) rest.push({ first, last });
    else {
      if (first < hole.first) rest.push({ first, last: hole.first - 1n });
      if (hole.last < last) rest.push({ first: hole.last + 1n, last });
    }
  }
  return rest;
}

/** The address space cut wherever one of many ranges begins or ends. */
export class Segments {
  /** First addresses, ascending; the first is 0. */
  readonly starts: readonly bigint[];
  private readonly indexes: ReadonlyMap<bigint, number>;

  constructor(ranges: Iterable<AddressRange>) {
    const starts = new Set([0n]);
    for (const { first, last } of ranges) {
      starts.add(first);
      if (last < LAST_ADDRESS) starts.add(last + 1n);
    }
    this.starts = [...starts].sort((a, b) => (a < b ? -1 : 1));
    this.indexes = new Map(this.starts.map((start, i) => [start, i]));
  }

  /** Index of the segment with this address. */
  at(address: bigint): number {
    let low = 0;
    let high = this.starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.starts[middle] as bigint) <= address) low = middle;
      else high = middle;
    }
    return low;
  }

  /** First index and end index of the segments that make up one of the ranges given at construction. */
  span({ first, last }: AddressRange): [number, number] {
    const start = this.indexes.get(first) ?? this.at(first);
    return [start, last === LAST_ADDRESS ? this.starts.length : (this.indexes.get(last + 1n) ?? this.at(last) + 1)];
  }
}
