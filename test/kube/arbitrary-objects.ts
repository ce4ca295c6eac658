import fc from "fast-check";

/** Objects of our kinds as people write them, all of which are right. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Ours = { [key: string]: Json } & { kind: string };

const name = fc.constantFrom("a", "edge-a", "x.example", `a${"b".repeat(251)}c`);
const names = (most: number) => fc.uniqueArray(name, { minLength: 1, maxLength: Math.min(4, most) });
const block = fc.constantFrom("10.77.0.0/16", "10.0.0.1/32", "0.0.0.0/0", "fd00::/8", "2001:db8::/32", "::/0");
const looseBlock = fc.oneof(block, fc.constantFrom("10.1.2.3/8", "2001:DB8::1/64", "192.0.2.255/31"));
const address = fc.constantFrom("10.0.0.1", "192.0.2.255", "2001:db8::1", "FD00::1", "1::", "223.255.255.255");
const socket = fc.constantFrom("10.0.0.5:15042", "10.0.0.5:1", "[2001:db8::5]:65535", "[fd00::1]:15042");
const identity = fc.constantFrom("spiffe://a/b", "spiffe://shop.example/ns/shop/sa/web", "spiffe://a_b-1/..c/.d/x_Y.z");
const labels = fc.dictionary(fc.constantFrom("app", "a.example/b_C", "x"), fc.constantFrom("", "web", "A.b_c-1"));
const local = fc.record({ concurrency: fc.constantFrom(1, 128) }, { requiredKeys: [] });
const portName = fc.constantFrom("http", "a", "8080-http", "x-1-2", "abcdefghijklmno");
const portNumber = fc.constantFrom(1, 80, 65535);
const transport = fc.constantFrom("TCP", "UDP", "SCTP");

function object(kind: string, spec: fc.Arbitrary<object>): fc.Arbitrary<Ours> {
  return spec.map((spec) => ({
    apiVersion: "sallyport.dev/v1alpha1",
    kind,
    metadata: { name: "x" },
    spec: spec as { [key: string]: Json },
  }));
}

const overlay = fc.record(
  {
    id: fc.constantFrom(1, 7, 2 ** 24 - 1),
    cidr: fc.uniqueArray(block, { minLength: 1 }),
    path: names(8),
    isolation: fc.constantFrom("DefaultDeny", "Kubernetes"),
    enforcement: fc.constantFrom("Enforce", "Audit"),
    interception: fc.constantFrom("Overlay", "All"),
    keys: fc.record(
      {
        epochSeconds: fc.constantFrom(5, 604800),
        horizon: fc.constantFrom(1, 48),
        keyGeneration: fc.constantFrom(0, 255),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["id", "cidr", "path"] },
);

const service = fc.record({ namespace: fc.constantFrom("a", "a".repeat(63)), name: fc.constantFrom("a", "b-1") });
const gateway = fc.oneof(
  fc.record(
    { overlays: names(1000), addresses: fc.uniqueArray(socket, { minLength: 1 }), identity, local },
    { requiredKeys: ["overlays", "addresses", "identity"] },
  ),
  fc.record({ overlays: names(1), service, identity }),
);

const namedPort = fc.record(
  { name: portName, protocol: transport, port: portNumber },
  { requiredKeys: ["name", "port"] },
);
const endpoint = fc.record(
  {
    overlay: name,
    namespace: fc.constantFrom("shop", "a", "a".repeat(63)),
    labels,
    addresses: fc.uniqueArray(address, { minLength: 1 }),
    ports: fc.uniqueArray(namedPort, { selector: (port) => port.name }),
    identity,
    local,
  },
  { requiredKeys: ["overlay", "namespace", "addresses", "identity"] },
);

const key = fc.constantFrom("app", "a.example/b_C");
const expression = fc.oneof(
  fc.record({ key, operator: fc.constantFrom("Exists", "DoesNotExist") }),
  fc.record({
    key,
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.array(fc.constantFrom("", "web"), { minLength: 1, maxLength: 3 }),
  }),
);
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const selectors = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
);
const ipBlock = fc.oneof(
  fc.record({ cidr: looseBlock }),
  fc.constant({ cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.2.3.4/32", "10.128.5.5/9"] }),
  fc.constant({ cidr: "::/0", except: ["fd00::/8"] }),
);
const peer = fc.oneof(
  selectors,
  fc.record({ ipBlock }),
  fc.record({ identity: fc.oneof(identity, fc.constantFrom("spiffe://a/*", "spiffe://a/b/*")) }),
);
const protocol = fc.oneof(
  fc.record({ protocol: fc.constantFrom(0, 47, 255, "GRE", "ESP") }),
  fc.record(
    {
      protocol: fc.constantFrom("ICMP", "ICMPv6", 1, 58),
      type: fc.constantFrom(0, 255),
      code: fc.constantFrom(0, 255),
    },
    { requiredKeys: ["protocol", "type"] },
  ),
);
const port = fc.oneof(
  fc.record({ protocol: transport, port: fc.oneof(portNumber, portName) }, { requiredKeys: [] }),
  fc.constantFrom({ port: 80, endPort: 80 }, { protocol: "UDP", port: 1, endPort: 65535 }),
);
const some = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 });
const flowPolicy = fc
  .record(
    {
      overlay: name,
      priority: fc.constantFrom(0, 1000),
      subject: selectors,
      action: fc.constantFrom("Allow", "Deny", "Pass"),
      peers: some(peer),
      isIngress: fc.boolean(),
      protocols: some(protocol),
      ports: some(port),
      via: names(8),
      enforcement: fc.constantFrom("Enforce", "Audit"),
    },
    { requiredKeys: ["overlay", "priority", "subject", "action", "peers", "isIngress"] },
  )
  .map(({ peers, isIngress, via, ...spec }) => ({
    ...spec,
    [isIngress ? "from" : "to"]: peers,
    ...(spec.action === "Allow" && via !== undefined && { via }),
  }));

export const arbitraryObject = fc.oneof(
  object("Overlay", overlay),
  object("OverlayGateway", gateway),
  object("OverlayEndpoint", endpoint),
  object("FlowPolicy", flowPolicy),
);

type Path = readonly (string | number)[];

/** What people write by mistake: wrong in most places, right in some. No null: to the server it isn't an absent field. */
const JUNK: Json[] = [
  ...["", "a", "A", "A b", "-a", "a--b", "x".repeat(64), "Allow", "TCP", "ICMP", "80", "In", "Exists"],
  ...["10.0.0.1", "10.0.0.1/8", "10.0.0.0/33", "010.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "::", "::1"],
  ...["fe80::1%eth0", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "10.0.0.1:80", "10.0.0.1:0", "[::1]:65536", "[::]:1"],
  ...["spiffe://a", "spiffe://a/.", "spiffe://a/../b", "spiffe://a/b/", "spiffe://A/b", "spiffe://a/*", "spiffe://*/b"],
  ...[-1, 0, 1, 4, 5, 49, 81, 256, 1001, 65536, 604801, 2 ** 24, 1.5, true, [], {}, ["a"], ["a", "a"], { a: "b" }],
];

/** The same with one place changed, taken away or added. */
export function damaged(whole: Ours): fc.Arbitrary<Ours> {
  const places = placesIn(whole.spec as Json, ["spec"]);
  const change = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...JUNK).map((junk) => () => junk as Json | undefined) },
    { weight: 1, arbitrary: fc.constant(() => undefined) },
    { weight: 1, arbitrary: fc.constant((old: Json) => (isMapping(old) ? { ...old, unknown: 1 } : old)) },
    { weight: 1, arbitrary: fc.constant((old: Json) => (Array.isArray(old) ? [...old, ...old] : old)) },
  );
  return fc.tuple(fc.constantFrom(...places), change).map(([place, change]) => replaced(whole, place, change) as Ours);
}

const isMapping = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function placesIn(value: Json, above: Path): Path[] {
  if (typeof value !== "object" || value === null) return [above];
  const below = Object.entries(value).flatMap(([key, inner]) =>
    placesIn(inner, [...above, Array.isArray(value) ? Number(key) : key]),
  );
  return [above, ...below];
}

function replaced(value: Json, [key, ...rest]: Path, change: (old: Json) => Json | undefined): Json | undefined {
  if (key === undefined) return change(value);
  const inner = replaced((value as { [key: string]: Json })[key] as Json, rest, change);
  if (Array.isArray(value)) return value.flatMap((old, i) => (i !== key ? [old] : inner === undefined ? [] : [inner]));
  const { [String(key)]: _, ...others } = value as { [key: string]: Json };
  return inner === undefined ? others : { ...others, [String(key)]: inner };
}
