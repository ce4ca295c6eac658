/** Flows that are worth asking a world about: between its members and the bounds of its blocks, at the bounds of its ports. */
import type { World } from "../../controller/model/resources.ts";
import { type Flow, memberAt } from "./simple-evaluator.ts";
import { OUTSIDE_ADDRESSES } from "./vocabulary.ts";

const NUMBERS = { TCP: 6, UDP: 17, SCTP: 132 };

/** `count` flows that a seed chooses, most of them within an address family and with a member on one side. */
export function flowsIn(world: World, seed: number, count: number): Flow[] {
  const pick = picker(seed);
  const [addresses, traffic] = [addressesIn(world), trafficIn(world)];
  const members = addresses.filter((address) => memberAt(world, address) !== undefined);
  const some = members.length > 0 ? members : addresses;
  return Array.from({ length: count }, () => {
    const one = pick(usually(pick) ? some : addresses);
    const family = addresses.filter((address) => address.includes(":") === one.includes(":"));
    const near = family.filter((address) => members.includes(address));
    const peer = pick(usually(pick) ? (usually(pick) && near.length > 0 ? near : family) : addresses);
    const [from, to] = pick([true, false]) ? [one, peer] : [peer, one];
    return { from, to, ...pick(traffic) };
  });
}

type Choose = <T>(list: readonly T[]) => T;

const usually = (pick: Choose) => pick([true, true, true, true, false]);

export function addressesIn({ endpoints, nodes, pods, closed }: World): string[] {
  const held = [...endpoints, ...nodes, ...pods].flatMap(({ addresses }) => addresses);
  return [...new Set([...held, ...closed, ...OUTSIDE_ADDRESSES])];
}

type Protocols = Pick<Flow, "protocol" | "port">;

/** Every port that is named or numbered, with its neighbours, and protocols that have none. */
function trafficIn({ endpoints, policies, clusterPolicies, flowPolicies }: World): Protocols[] {
  const rules = clusterPolicies.flatMap(({ ingress, egress }) => [...ingress, ...egress]);
  const numbered = [...rules, ...flowPolicies].flatMap(({ traffic = [] }) =>
    traffic.flatMap((one) => ("name" in one ? [] : [one.first, one.last].map((port) => [one.protocol, port] as const))),
  );
  const allowed = policies.flatMap(({ ingress = [], egress = [] }) =>
    [...ingress, ...egress].flatMap(({ ports = [] }) =>
      ports.flatMap(({ protocol, port = 0, endPort = port }) =>
        typeof port === "number" ? [port, endPort].map((one) => [NUMBERS[protocol], one as number] as const) : [],
      ),
    ),
  );
  const named = endpoints.flatMap(({ ports }) => ports.map(({ protocol, port }) => [NUMBERS[protocol], port] as const));
  const bounds = [...numbered, ...allowed, ...named].flatMap(([protocol, port]) =>
    [port - 1, port, port + 1].filter((one) => one >= 0 && one <= 65535).map((one) => [protocol, one] as const),
  );
  const others = [0, 1, 6, 17, 47, 58, 132, 255].flatMap((protocol) => [0, 80, 65535].map((port) => [protocol, port]));
  const keys = new Set([...bounds, ...others].map(([protocol = 0, port = 0]) => protocol * 65536 + port));
  return [...keys].map((key) => ({ protocol: Math.floor(key / 65536), port: key % 65536 }));
}

/** Chooses from lists, always alike for a seed. */
function picker(seed: number): Choose {
  let random = (seed ^ 0x9e3779b9) >>> 0;
  return (list) => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return list[Math.floor((random / 2 ** 32) * list.length)] as (typeof list)[number];
  };
}
