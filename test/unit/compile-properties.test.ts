import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { type CompileOptions, compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { encodeImage } from "../../controller/image/encode.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { formatAddress } from "../../controller/model/address.ts";
import {
  EMPTY_WORLD,
  type NetworkPolicy,
  type OverlayEndpoint,
  type PolicyRule,
  type World,
} from "../../controller/model/resources.ts";
import { worlds } from "../host/arbitrary-worlds.ts";
import { classOf, openImage, sha256 } from "../host/decisions.ts";
import { toHex } from "../host/vectors.ts";
import { gateways, OUTSIDE_ADDRESSES, overlay } from "../host/vocabulary.ts";

const KEYS = [...[53, 80, 81, 380, 443].map((port) => (6 << 16) | port), (17 << 16) | 53, (132 << 16) | 80, 1 << 16];

test("gives the same images whatever the order of the world's lists", () => {
  fc.assert(
    fc.property(worlds, fc.infiniteStream(fc.nat()), (world, random) => {
      expect(images(shuffled(world, random))).toEqual(images(world));
    }),
    { numRuns: 60 },
  );
});

test("gives an endpoint an image that can't decide for others", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const { policy } = compile(world, "o");
      const prepared = prepareImages(policy, sha256);
      for (const node of policy.endpoints.slice(0, 2)) {
        const image = openImage(prepared, node);
        const own = node.addresses.map((address) => address.class);
        const others = [...policy.table.classes.keys()].filter((cls) => !own.includes(cls));
        for (const stranger of others) {
          for (const key of KEYS) {
            expect(image.decide(stranger, own[0] as number, key, Side.Egress)).toBe(Verdict.ImageInvalid);
            expect(image.decide(own[0] as number, stranger, key, Side.Ingress)).toBe(Verdict.ImageInvalid);
          }
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("allows no more with a policy that is rejected in part than with the policy as it was meant", () => {
  const broken = fc.tuple(worlds, fc.nat(), fc.constantFrom("cidr", "except", "port", "name"));
  fc.assert(
    fc.property(broken, ([world, number, how]) => {
      fc.pre(world.policies.length > 0);
      const at = number % world.policies.length;
      const policies = world.policies.map((policy, i) => (i === at ? brokenPolicy(policy, how) : policy));
      if (how === "name") policies.push({ ...(policies[at] as NetworkPolicy), podSelector: { requirements: [] } });
      expect(gained(world, { ...world, policies })).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("allows no more between the others with an endpoint that is rejected than without it", () => {
  fc.assert(
    fc.property(worlds, fc.constantFrom("127.0.0.1", "10.0.0.300", "192.0.2.7", "224.0.0.1"), (world, address) => {
      fc.pre(world.endpoints.length > 0);
      const [first] = world.endpoints as [OverlayEndpoint];
      const bad = { ...first, name: "bad", addresses: [address] };
      expect(gained(world, { ...world, endpoints: [...world.endpoints, bad] })).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test("allows no more when a budget runs out than without one, and says so", () => {
  fc.assert(
    fc.property(worlds, fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 600 }), (world, steps, bytes) => {
      const limited = { limits: { steps, bytes } };
      expect(gained(world, world, limited)).toEqual([]);
      const changed = lost(world, world, limited).length > 0;
      if (changed) expect(compile(world, "o", limited).rejections.map(({ field }) => field)).toContain("");
    }),
    { numRuns: 60 },
  );
});

describe("classes", () => {
  const world: World = { ...EMPTY_WORLD, overlays: [overlay], gateways };

  test("are two where no policy tells endpoints apart: outsiders and members", () => {
    const endpoints = Array.from({ length: 100 }, (_, i) => member(i, { id: `${i}` }));
    expect(compile({ ...world, endpoints }, "o").policy.table.classes.length).toBe(2);
  });

  test("part endpoints by the label values that policies name, and no others", () => {
    const endpoints = Array.from({ length: 100 }, (_, i) => member(i, { id: `${i}` }));
    const policies = [selecting("1"), selecting("2")];
    expect(compile({ ...world, endpoints, policies }, "o").policy.table.classes.length).toBe(4);
  });

  test("part the two addresses of one endpoint where a block holds one of them", () => {
    const endpoints = [{ ...member(1, {}), addresses: ["10.0.0.1", "fd00::1"] }];
    const policies = [{ ...selecting("1"), egress: [toBlock("10.0.0.0/24")] }];
    const { addresses } = compile({ ...world, endpoints, policies }, "o").policy.endpoints[0] ?? { addresses: [] };
    expect(new Set(addresses.map((address) => address.class)).size).toBe(2);
  });

  test("are shared by ranges of outsiders that the same blocks hold", () => {
    const block = { index: 0, peers: [{ kind: "block" as const, cidr: "192.0.2.0/24", except: ["192.0.2.64/26"] }] };
    const policies = [{ ...selecting("1"), egress: [block] }];
    const { ranges, table } = compile({ ...world, endpoints: [], policies }, "o").policy;
    expect(ranges.map(({ first, class: cls }) => `${formatAddress(first)} ${cls}`)).toEqual([
      ...["192.0.2.0 1", "192.0.2.64 0", "192.0.2.128 1", "192.0.3.0 0"],
    ]);
    expect(table.classes.length).toBe(2);
  });
});

function images(world: World): string[] {
  const { policy } = compile(world, "o");
  const prepared = prepareImages(policy, sha256);
  const issue = { term: 1, sequence: 1, notAfter: 1, keys: [] };
  return [...policy.gateways.slice(0, 1), ...policy.endpoints].map((node) => toHex(encodeImage(prepared, node, issue)));
}

/** Lists in another order; rules keep theirs. */
function shuffled(world: World, random: fc.Stream<number>): World {
  const order = <T>(list: readonly T[]): T[] =>
    list
      .map((value) => ({ value, place: random.next().value as number }))
      .sort((a, b) => a.place - b.place)
      .map(({ value }) => value);
  const parts = <T extends Parts>(rule: T): T => ({
    ...rule,
    ...(rule.peers && { peers: order(rule.peers) }),
    ...(rule.ports && { ports: order(rule.ports) }),
    ...(rule.traffic && { traffic: order(rule.traffic) }),
  });
  const rules = <T extends Directions>(policy: T): T => ({
    ...policy,
    ...(policy.ingress && { ingress: policy.ingress.map(parts) }),
    ...(policy.egress && { egress: policy.egress.map(parts) }),
  });
  return {
    ...world,
    overlays: order(world.overlays),
    gateways: order(world.gateways),
    endpoints: order(world.endpoints).map((one) => ({ ...one, addresses: order(one.addresses) })),
    namespaces: order(world.namespaces),
    policies: order(world.policies).map(rules),
    clusterPolicies: order(world.clusterPolicies).map(rules),
    flowPolicies: order(world.flowPolicies).map(parts),
    pods: order(world.pods),
    nodes: order(world.nodes).map((one) => ({ ...one, addresses: order(one.addresses) })),
    closed: order(world.closed),
  };
}

interface Parts {
  readonly peers?: readonly unknown[];
  readonly ports?: readonly unknown[];
  readonly traffic?: readonly unknown[];
}

interface Directions {
  readonly ingress?: readonly Parts[];
  readonly egress?: readonly Parts[];
}

/** Flows that `after` allows and `before` doesn't. */
function gained(before: World, after: World, options?: CompileOptions): string[] {
  const known = new Set(allowed(before, before));
  return allowed(after, before, options).filter((flow) => !known.has(flow));
}

function lost(before: World, after: World, options?: CompileOptions): string[] {
  const left = new Set(allowed(after, before, options));
  return allowed(before, before).filter((flow) => !left.has(flow));
}

/** What a world allows between the members of another and a few outsiders. */
function allowed(world: World, members: World, options?: CompileOptions): string[] {
  const { policy } = compile(world, "o", options);
  const image = openImage(prepareImages(policy, sha256), policy.gateways[0] as CompiledGateway);
  const names = [...members.endpoints.flatMap(({ addresses }) => addresses), ...OUTSIDE_ADDRESSES];
  const parties = names.map((name) => ({ name, class: classOf(image, name) }));
  return parties.flatMap((from) =>
    parties.flatMap((to) =>
      KEYS.filter((key) => image.decide(from.class, to.class, key, Side.Both) === Verdict.Allow).map(
        (key) => `${from.name} ${to.name} ${key}`,
      ),
    ),
  );
}

function brokenPolicy(policy: NetworkPolicy, how: string): NetworkPolicy {
  const rules = (list: readonly PolicyRule[]) => list.map((rule) => brokenRule(rule, how));
  return {
    ...policy,
    ...(policy.ingress && { ingress: rules(policy.ingress) }),
    ...(policy.egress && { egress: rules(policy.egress) }),
  };
}

function brokenRule(rule: PolicyRule, how: string): PolicyRule {
  const peers = rule.peers?.map((peer) => {
    if (peer.kind === "pods") return peer;
    if (how === "cidr") return { ...peer, cidr: `${peer.cidr}0` };
    return how === "except" ? { ...peer, except: [...peer.except, "?"] } : peer;
  });
  const ports = rule.ports?.map((port) => (how === "port" && port.port !== undefined ? { ...port, endPort: 1 } : port));
  return { index: rule.index, ...(peers && { peers }), ...(ports && { ports }) };
}

function member(i: number, labels: Record<string, string>): OverlayEndpoint {
  const origin = { file: "f", line: 1, kind: "OverlayEndpoint", name: `m${i}` };
  const identity = `spiffe://test/m${i}`;
  return {
    origin,
    name: `m${i}`,
    overlay: "o",
    namespace: "n",
    labels,
    addresses: [`10.0.1.${i}`],
    ports: [],
    identity,
  };
}

function selecting(id: string): NetworkPolicy {
  const origin = { file: "f", line: 1, kind: "NetworkPolicy", name: `n/${id}` };
  const podSelector = { requirements: [{ key: "id", operator: "In" as const, values: [id] }] };
  return { origin, namespace: "n", name: id, podSelector, ingress: [] };
}

function toBlock(...cidrs: string[]): PolicyRule {
  return { index: 0, peers: cidrs.map((cidr) => ({ kind: "block", cidr, except: [] })) };
}
