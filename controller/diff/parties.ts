import type { CompiledEndpoint, CompiledPolicy } from "../compile/compiled.ts";
import { type AddressRange, addressNumber } from "../compile/ranges.ts";
import { type Family, familyOf } from "../model/address.ts";
import { addressesOf } from "../offline/members.ts";

/** Addresses that have one class before and one after a change. */
export interface Alike {
  readonly family: Family;
  /** Undefined: they don't exist. */
  readonly old: number | undefined;
  readonly now: number | undefined;
  /** `namespace/name` of members. */
  readonly members: string[];
  /** Of outsiders, who have no members. */
  readonly ranges: AddressRange[];
}

type Classes = Pick<Alike, "family" | "old" | "now">;

const IPV4_FIRST = 0xffff00000000n;
const IPV4_END = 0x1000000000000n;
const ADDRESSES_END = 1n << 128n;

/** Everybody whom one of two policies can tell apart from others. */
export function alikeParties(old: CompiledPolicy, now: CompiledPolicy): Alike[] {
  const all = new Map<string, Alike>();
  const add = ({ family, old, now }: Classes, who: string | AddressRange) => {
    const key = [typeof who === "string", family, old, now].join();
    const alike = all.get(key) ?? { family, old, now, members: [], ranges: [] };
    all.set(key, alike);
    if (typeof who === "string") alike.members.push(who);
    else alike.ranges.push(who);
  };
  const [before, after] = [membersOf(old), membersOf(now)];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    for (const classes of addressClasses(before.get(name), after.get(name))) add(classes, name);
  }
  for (const { range, ...classes } of segments(old, now)) add(classes, range);
  return [...all.values()];
}

function membersOf({ endpoints }: CompiledPolicy): Map<string, CompiledEndpoint> {
  return new Map(endpoints.map((member) => [`${member.endpoint.namespace}/${member.endpoint.name}`, member]));
}

/** A member's first IPv4 address before is compared with its first IPv4 address now, and so on: addresses may change. */
function addressClasses(old: CompiledEndpoint | undefined, now: CompiledEndpoint | undefined): Classes[] {
  return ([4, 6] as const).flatMap((family) => {
    const [before, after] = [classesIn(old, family), classesIn(now, family)];
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, i) => ({ family, old: before[i], now: after[i] }));
  });
}

function classesIn(member: CompiledEndpoint | undefined, family: Family): number[] {
  if (member === undefined) return [];
  const classes = new Map(member.addresses.map((one) => [addressNumber(one.address), one.class]));
  return addressesOf(member)
    .filter((address) => familyOf(address) === family)
    .map((address) => classes.get(addressNumber(address)) as number);
}

/** The address space cut where the class of outsiders changes in one of the policies. */
function segments(old: CompiledPolicy, now: CompiledPolicy): (Classes & { readonly range: AddressRange })[] {
  const [before, after] = [outsiderClasses(old), outsiderClasses(now)];
  const starts = new Set([0n, IPV4_FIRST, IPV4_END, ...before.keys(), ...after.keys()]);
  const sorted = [...starts].sort((a, b) => (a < b ? -1 : 1));
  let classes: { old: number; now: number } = { old: 0, now: 0 };
  return sorted.map((first, i) => {
    classes = { old: before.get(first) ?? classes.old, now: after.get(first) ?? classes.now };
    const range = { first, last: (sorted[i + 1] ?? ADDRESSES_END) - 1n };
    return { ...classes, family: first >= IPV4_FIRST && first < IPV4_END ? 4 : 6, range };
  });
}

function outsiderClasses({ ranges }: CompiledPolicy): Map<bigint, number> {
  return new Map(ranges.map(({ first, class: cls }) => [addressNumber(first), cls]));
}
