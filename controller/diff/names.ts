import { type AddressRange, addressBytes } from "../compile/ranges.ts";
import { formatAddress } from "../model/address.ts";
import type { Alike } from "./parties.ts";

const IPV4_FIRST = 0xffff00000000n;
const IPV4_END = 0x1000000000000n;

/** Members by name, then the addresses of outsiders as blocks or ranges. */
export function namesOf(parties: readonly Alike[]): string[] {
  const members = new Set(parties.flatMap(({ members }) => members));
  const ranges = joined(parties.flatMap(({ ranges }) => ranges));
  return [...[...members].sort(), ...ranges.map(rangeText)];
}

/** Ascending; IPv6 ranges that only the place of IPv4 parts are one. */
function joined(ranges: readonly AddressRange[]): AddressRange[] {
  const all: AddressRange[] = [];
  for (const range of [...ranges].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const last = all.at(-1);
    const touches = last !== undefined && (last.last + 1n === range.first || isAroundIpv4(last, range));
    if (touches) all[all.length - 1] = { first: last.first, last: range.last };
    else all.push(range);
  }
  return all;
}

function isAroundIpv4(before: AddressRange, after: AddressRange): boolean {
  return before.last + 1n === IPV4_FIRST && after.first === IPV4_END;
}

/** `10.0.0.0/8`, or `10.0.0.1-10.0.0.9` for what is no block. */
function rangeText({ first, last }: AddressRange): string {
  const size = last - first + 1n;
  const bits = size.toString(2).length - 1;
  const isIpv4 = first >= IPV4_FIRST && last < IPV4_END;
  const text = addressText(first);
  if (size === 1n) return text;
  if (size === 1n << BigInt(bits) && first % size === 0n) return `${text}/${(isIpv4 ? 32 : 128) - bits}`;
  return `${text}-${addressText(last)}`;
}

function addressText(address: bigint): string {
  return formatAddress(addressBytes(address));
}
