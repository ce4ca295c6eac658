import fc from "fast-check";
import {
  type ClusterNetworkPolicy,
  type FlowPeer,
  type FlowPolicy,
  type NamedTraffic,
  type NamespacedPeer,
  type NumberedTraffic,
  type Priority,
  type TierPeer,
  type TierRule,
  type Traffic,
  UNREADABLE_PRIORITY,
} from "../../controller/model/tiers.ts";
import { policyPort } from "./arbitrary-network-policies.ts";
import { block, selector, subject } from "./arbitrary-selectors.ts";
import { BLOCKS, DEFAULT_PATH, FURTHER_GATEWAYS, IDENTITIES, origin, PORT_NAMES, PORTS } from "./vocabulary.ts";

/** Few, so that many are equal. */
const priority: fc.Arbitrary<Priority> = fc.constantFrom(0, 1, 2, 1000);
const unreadablePriority: fc.Arbitrary<Priority> = fc.constantFrom(UNREADABLE_PRIORITY, 1);
/** Of which order by name isn't order of the list. */
const names = (letter: string) =>
  fc.shuffledSubarray([`${letter}-1`, `${letter}`, `${letter}.b`, `${letter}1`], { minLength: 4 });

const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 });
const pods: fc.Arbitrary<NamespacedPeer> = subject.map((one) => ({ kind: "pods", ...one }));

const networks = few(fc.constantFrom(...BLOCKS)).map(
  (cidrs): TierPeer => ({ kind: "networks", cidrs: [...new Set(cidrs)] }),
);
const nodes = selector.map((one): TierPeer => ({ kind: "nodes", selector: one }));
const outward: fc.Arbitrary<TierPeer> = fc.oneof(
  { arbitrary: pods, weight: 3 },
  { arbitrary: networks, weight: 3 },
  { arbitrary: nodes, weight: 2 },
);
const domains: fc.Arbitrary<TierPeer> = fc.constant({ kind: "domains", names: ["*.example.org"] });

const portOf = (protocol: number) =>
  fc
    .tuple(fc.constantFrom(...PORTS, 1, 65535), fc.constantFrom(0, 0, 1, 300, 65534))
    .map(([first, further]): NumberedTraffic => ({ protocol, first, last: Math.min(first + further, 65535) }));
const numbered = fc.constantFrom(6, 6, 17, 132).chain(portOf);
const named: fc.Arbitrary<NamedTraffic> = fc.constantFrom(...PORT_NAMES).map((name) => ({ name }));

const action = fc.constantFrom("Accept" as const, "Deny" as const, "Pass" as const);

type RuleFacts = Omit<TierRule, "index">;

/** Addresses have no named ports, and names of domains can only be accepted. */
const towardsPods = fc.record(
  { name: fc.constant(""), action, peers: few(pods), traffic: few(fc.oneof(numbered, named)) },
  { requiredKeys: ["name", "action", "peers"] },
);
const outbound = fc.record(
  { name: fc.constant(""), action, peers: few(outward), traffic: few(numbered) },
  { requiredKeys: ["name", "action", "peers"] },
);
const towardsNames = fc.record(
  { name: fc.constant(""), action: fc.constant("Accept" as const), peers: few(fc.oneof(outward, domains)) },
  { requiredKeys: ["name", "action", "peers"] },
);
const unreadableRule = fc.record({ name: fc.constant(""), action: fc.constant("Deny" as const) });

const rules = (rule: fc.Arbitrary<RuleFacts>) =>
  fc.array(rule, { maxLength: 3 }).map((list) => list.map((one, index): TierRule => ({ index, ...one })));

export const audit = fc.constantFrom({}, {}, {}, { enforcement: "Audit" as const });

const clusterPolicy = fc.record({
  tier: fc.constantFrom("Admin" as const, "Baseline" as const),
  priority,
  subject,
  ingress: rules(towardsPods as fc.Arbitrary<RuleFacts>),
  egress: rules(fc.oneof(towardsPods, outbound, towardsNames) as fc.Arbitrary<RuleFacts>),
});

/** What the reader leaves of one that it can't read: denials, as wide as they could have been meant. */
const unreadableClusterPolicy = fc.record({
  tier: fc.constantFrom("Admin" as const, "Baseline" as const),
  priority: unreadablePriority,
  subject,
  ingress: rules(unreadableRule),
  egress: rules(unreadableRule),
});

const most = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: usual, weight: 9 }, { arbitrary: rare, weight: 1 });

export const clusterPolicies: fc.Arbitrary<ClusterNetworkPolicy[]> = fc
  .tuple(names("c"), fc.array(fc.tuple(most(clusterPolicy, unreadableClusterPolicy), audit), { maxLength: 4 }))
  .map(([names, list]) =>
    names.slice(0, list.length).map((name, i) => {
      const [facts, enforcement] = list[i] as (typeof list)[number];
      return { origin: origin("ClusterNetworkPolicy", name), name, ...facts, ...enforcement };
    }),
  );

/** Any protocol, ICMP by type and code, and ports as a NetworkPolicy has them. */
const anyTraffic: fc.Arbitrary<Traffic> = fc.oneof(
  fc.constantFrom(0, 1, 6, 47, 58, 255).map((protocol) => ({ protocol, first: 0, last: 65535 })),
  fc.constantFrom(1, 58).map((protocol) => ({ protocol, first: 8 << 8, last: (8 << 8) | 255 })),
  fc.constantFrom(1, 58).map((protocol) => ({ protocol, first: (3 << 8) | 4, last: (3 << 8) | 4 })),
  policyPort.map(({ protocol: name, port, endPort }): Traffic => {
    const protocol = { TCP: 6, UDP: 17, SCTP: 132 }[name];
    if (typeof port === "string") return { name: port, protocol };
    return { protocol, first: port ?? 0, last: endPort ?? port ?? 65535 };
  }),
);

const flowPeer: fc.Arbitrary<FlowPeer> = fc.oneof(
  { arbitrary: pods, weight: 3 },
  { arbitrary: block, weight: 2 },
  { arbitrary: fc.constantFrom(...IDENTITIES).map((identity) => ({ kind: "identity" as const, identity })), weight: 2 },
);

const passable = fc.constantFrom(["g", "h"], ["h", "g"], ["g"], ["i"], ["h", "i"], ["h", "i"]);
const ALL_GATEWAYS = [...DEFAULT_PATH, ...FURTHER_GATEWAYS];
/** As long as a path may be, and what can't be passed: unknown, of another overlay, twice, one gateway too many, none. */
const oddVia = fc.constantFrom(
  ALL_GATEWAYS.slice(1),
  ...[["nowhere"], ["g", "far"], ["g", "i", "g"], ALL_GATEWAYS, []],
);
const via = fc.oneof({ arbitrary: passable, weight: 5 }, { arbitrary: oddVia, weight: 2 });

const flowPolicy = fc
  .record({
    overlay: fc.constantFrom("o", "o", "o", "o", "o", "other"),
    priority,
    subject,
    directions: fc.constantFrom<FlowPolicy["directions"]>(["ingress"], ["egress"]),
    action: fc.constantFrom<FlowPolicy["action"]>("Allow", "Allow", "Allow", "Deny", "Pass"),
    peers: few(flowPeer),
    traffic: fc.option(few(anyTraffic), { nil: undefined, freq: 2 }),
    via: fc.option(via, { nil: undefined, freq: 4 }),
  })
  .map(({ traffic, via, ...facts }) => ({
    ...facts,
    ...(traffic && { traffic }),
    ...(via && facts.action === "Allow" && { via }),
  }));

const unreadableFlowPolicy = fc.record(
  {
    overlay: fc.constant("o"),
    priority: unreadablePriority,
    subject,
    directions: fc.subarray<FlowPolicy["directions"][number]>(["ingress", "egress"], { minLength: 1 }),
    action: fc.constant("Deny" as const),
  },
  { requiredKeys: ["priority", "subject", "directions", "action"] },
);

export const flowPolicies: fc.Arbitrary<FlowPolicy[]> = fc
  .tuple(
    names("f"),
    fc.array(fc.tuple(most(flowPolicy, unreadableFlowPolicy as fc.Arbitrary<never>) as typeof flowPolicy, audit), {
      maxLength: 4,
    }),
  )
  .map(([names, list]) =>
    names.slice(0, list.length).map((name, i): FlowPolicy => {
      const [facts, enforcement] = list[i] as (typeof list)[number];
      return { origin: origin("FlowPolicy", name), name, ...facts, ...enforcement };
    }),
  );
