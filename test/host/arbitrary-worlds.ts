import fc from "fast-check";
import {
  EMPTY_WORLD,
  type NetworkPolicy,
  type Overlay,
  type OverlayEndpoint,
  type OverlayGateway,
  type Peer,
  type PolicyPort,
  type PolicyRule,
  type Requirement,
  type Selector,
  type World,
} from "../../controller/model/resources.ts";

/** Small worlds in which everything meets everything: few names, few labels, blocks that cut through members. */
const NAMESPACES = ["a", "b", "a-b"];
const KEYS = ["app", "tier"];
const VALUES = ["x", "y", "z"];
const PORT_NAMES = ["web", "dns"];
const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;

/** Addresses that endpoints draw from, two families. */
export const MEMBER_ADDRESSES = [
  ...["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "10.0.1.2", "10.0.1.3"],
  ...["fd00::1", "fd00::2", "fd00::3", "fd00:0:0:1::1", "fd00:0:0:1::2", "fd00:0:0:1::3"],
];
/** Addresses no endpoint has, inside and outside the blocks below and at their bounds. */
export const OUTSIDE_ADDRESSES = ["10.0.0.0", "10.0.1.0", "192.0.2.1", "255.255.255.255", "fd00::", "2001:db8::1"];
const BLOCKS = [
  ...["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.0.0.2/31", "10.0.1.2/32", "192.0.2.0/24", "255.255.255.255/32"],
  ...["::/0", "fd00::/64", "fd00::2/127", "fd00:0:0:1::/64", "2001:db8::/32", "::/1"],
];
const PORTS = [53, 80, 81, 443];

const origin = (kind: string, name: string) => ({ file: "world.yaml", line: 1, kind, name });

export const overlay: Overlay = {
  origin: origin("Overlay", "o"),
  name: "o",
  id: 7,
  cidr: ["10.0.0.0/8", "fd00::/16"],
  path: ["g", "h"],
  isolation: "DefaultDeny",
  enforcement: "Enforce",
  interception: "Overlay",
  keys: { epochSeconds: 3600, horizon: 6, keyGeneration: 0 },
};

export const gateways: OverlayGateway[] = ["g", "h"].map((name) => ({
  origin: origin("OverlayGateway", name),
  name,
  overlays: ["o"],
  addresses: ["10.9.0.1:15042"],
  identity: `spiffe://test/gateway/${name}`,
}));

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 2 });

const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom("In" as const, "NotIn" as const),
    values: fc.subarray([...VALUES, "unseen"], { minLength: 1 }),
  }),
  fc.record({
    key: fc.constantFrom(...KEYS, "unseen"),
    operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const),
    values: fc.constant([]),
  }),
);

const selector: fc.Arbitrary<Selector> = fc.record({ requirements: fc.array(requirement, { maxLength: 2 }) });

const namespaceSelector: fc.Arbitrary<Selector> = fc.oneof(
  selector,
  fc.constantFrom(...NAMESPACES).map(
    (name): Selector => ({
      requirements: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [name] }],
    }),
  ),
);

const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.record({ kind: fc.constant("pods" as const), podSelector: selector }),
  fc.record({ kind: fc.constant("pods" as const), namespaceSelector, podSelector: selector }),
  fc.record({
    kind: fc.constant("block" as const),
    cidr: fc.constantFrom(...BLOCKS),
    except: fc.subarray(
      BLOCKS.filter((block) => !block.endsWith("/0")),
      { maxLength: 2 },
    ),
  }),
);

const policyPort: fc.Arbitrary<PolicyPort> = fc
  .record({
    protocol: fc.constantFrom(...PROTOCOLS),
    port: fc.option(fc.oneof(fc.constantFrom(...PORTS), fc.constantFrom(...PORT_NAMES)), { nil: undefined }),
    further: fc.option(fc.constantFrom(0, 1, 300, 60000), { nil: undefined }),
  })
  .map(({ protocol, port, further }) => ({
    protocol,
    ...(port !== undefined && { port }),
    ...(typeof port === "number" && further !== undefined && { endPort: port + further }),
  }));

const rule = fc.record(
  { peers: fc.array(peer, { maxLength: 3 }), ports: fc.array(policyPort, { minLength: 1, maxLength: 3 }) },
  { requiredKeys: [] },
);

const rules: fc.Arbitrary<PolicyRule[]> = fc
  .array(rule, { maxLength: 3 })
  .map((list) => list.map((one, index) => ({ index, ...one }) as PolicyRule));

const policies: fc.Arbitrary<NetworkPolicy[]> = fc
  .array(
    fc
      .record({ podSelector: selector, ingress: rules, egress: rules }, { requiredKeys: ["podSelector"] })
      .chain((facts) => fc.constantFrom(...NAMESPACES).map((namespace) => ({ namespace, ...facts }))),
    { maxLength: 6 },
  )
  .map((list) =>
    list.map((facts, i) => {
      const name = `p${i}`;
      return { origin: origin("NetworkPolicy", `${facts.namespace}/${name}`), name, ...facts } as NetworkPolicy;
    }),
  );

const endpoints: fc.Arbitrary<OverlayEndpoint[]> = fc
  .record({
    facts: fc.array(
      fc.record({
        namespace: fc.constantFrom(...NAMESPACES),
        labels,
        addresses: fc.integer({ min: 1, max: 3 }),
        ports: fc.uniqueArray(
          fc.record({
            name: fc.constantFrom(...PORT_NAMES),
            protocol: fc.constantFrom(...PROTOCOLS),
            port: fc.constantFrom(...PORTS),
          }),
          { selector: ({ name }) => name, maxLength: 2 },
        ),
      }),
      { maxLength: 6 },
    ),
    addresses: fc.shuffledSubarray(MEMBER_ADDRESSES, { minLength: MEMBER_ADDRESSES.length }),
  })
  .map(({ facts, addresses }) => {
    const pool = [...addresses];
    return facts.flatMap((one, i) => {
      const own = pool.splice(0, one.addresses);
      const name = `e${i}`;
      if (own.length === 0) return [];
      return [
        {
          ...one,
          origin: origin("OverlayEndpoint", name),
          name,
          overlay: "o",
          addresses: own,
          identity: `spiffe://test/${name}`,
        },
      ];
    });
  });

/** Worlds about which nothing is wrong. */
export const worlds: fc.Arbitrary<World> = fc
  .record({
    isolation: fc.constantFrom("DefaultDeny" as const, "Kubernetes" as const),
    namespaces: fc
      .subarray(NAMESPACES)
      .chain((names) =>
        fc.tuple(
          ...names.map((name) =>
            labels.map((own) => ({ name, labels: { ...own, "kubernetes.io/metadata.name": name } })),
          ),
        ),
      ),
    endpoints,
    policies,
  })
  .map(({ isolation, ...rest }) => ({ ...EMPTY_WORLD, overlays: [{ ...overlay, isolation }], gateways, ...rest }));
