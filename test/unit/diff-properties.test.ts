import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { compile } from "../../controller/compile/compile.ts";
import { addressNumber } from "../../controller/compile/ranges.ts";
import { type Difference, differences } from "../../controller/diff/compare.ts";
import type { Alike } from "../../controller/diff/parties.ts";
import { familyOf, parseAddress } from "../../controller/model/address.ts";
import type { OverlayEndpoint, World } from "../../controller/model/resources.ts";
import { worlds } from "../host/arbitrary-worlds.ts";
import { type Flow, memberAt } from "../host/simple-evaluator.ts";
import { decision } from "../host/tier-evaluator.ts";
import { OUTSIDE_ADDRESSES } from "../host/vocabulary.ts";

const KEYS = [
  ...[53, 79, 80, 81, 380, 381, 443].map((port) => [6, port] as const),
  ...([
    [17, 53],
    [132, 80],
    [1, 0],
  ] as const),
];

/** The same members under other policies, some of them gone. */
const changes = fc.tuple(worlds, worlds, fc.nat(3)).map(([old, other, gone]) => ({
  old,
  now: {
    ...old,
    policies: other.policies,
    clusterPolicies: other.clusterPolicies,
    flowPolicies: other.flowPolicies,
    endpoints: old.endpoints.slice(gone),
  },
}));

test("a diff names every flow that changes and no other, by the slow evaluator", () => {
  fc.assert(
    fc.property(changes, ({ old, now }) => {
      const found = differences(compile(old, "o").policy, compile(now, "o").policy);
      const parties: Party[] = [
        ...old.endpoints.filter((one) => isMember(old, one)).flatMap(soleAddresses),
        ...OUTSIDE_ADDRESSES.map((address) => ({ address })),
      ];
      for (const from of parties) {
        for (const to of parties) {
          if (from.name === to.name || isIpv6(from.address) !== isIpv6(to.address)) continue;
          for (const [protocol, port] of KEYS) {
            const flow = { from: from.address, to: to.address, protocol, port };
            expect({ flow, change: named(found, from, to, flow) }).toEqual({ flow, change: change(old, now, flow) });
          }
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("a diff of a world with itself is empty", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      expect(differences(compile(world, "o").policy, compile(world, "o").policy)).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

interface Party {
  readonly address: string;
  readonly name?: string;
}

/** A diff names members, not addresses: only one address of a family can be told from its text. */
function soleAddresses({ namespace, name, addresses }: OverlayEndpoint): Party[] {
  const sole = addresses.filter((one) => addresses.filter((other) => isIpv6(one) === isIpv6(other)).length === 1);
  return sole.map((address) => ({ address, name: `${namespace}/${name}` }));
}

function isMember(world: World, { addresses }: OverlayEndpoint): boolean {
  return addresses.some((address) => memberAt(world, address) !== undefined);
}

function change(old: World, now: World, flow: Flow): string[] {
  const [was, is] = [pathOf(old, flow), pathOf(now, flow)];
  if (was === is) return [];
  if (was === undefined) return ["opens"];
  return is === undefined ? ["closes"] : [`moves ${was} to ${is}`];
}

function pathOf(world: World, flow: Flow): string | undefined {
  return exists(world, flow) ? decision(world, flow).path?.join(", ") : undefined;
}

/** Members that are gone are nobody, not outsiders with their address. */
function exists(world: World, { from, to }: Flow): boolean {
  return [from, to].every((address) => OUTSIDE_ADDRESSES.includes(address) || memberAt(world, address) !== undefined);
}

function named(found: readonly Difference[], from: Party, to: Party, { protocol, port }: Flow): string[] {
  const key = protocol * 65536 + port;
  const isIt = (one: Difference) =>
    one.family === (isIpv6(from.address) ? 6 : 4) &&
    one.from.some((alike) => isAmong(alike, from)) &&
    one.to.some((alike) => isAmong(alike, to)) &&
    one.ports.some(({ first, last }) => first <= key && key <= last);
  return found
    .filter(isIt)
    .map(({ change, was, becomes }) => (change === "moves" ? `moves ${was} to ${becomes}` : change));
}

function isAmong({ members, ranges }: Alike, { name, address }: Party): boolean {
  if (name !== undefined) return members.includes(name);
  const number = addressNumber(parseAddress(address) as Uint8Array);
  return ranges.some(({ first, last }) => first <= number && number <= last);
}

const isIpv6 = (address: string) => familyOf(parseAddress(address) as Uint8Array) === 6;
