import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Isolation, World } from "../../controller/model/resources.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import type { Flow } from "../host/simple-evaluator.ts";
import { mayPass } from "../host/tier-evaluator.ts";
import { overlay } from "../host/vocabulary.ts";
import { endpoint, overlay as overlayText } from "./broken-texts.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Path = readonly (string | number)[];

const object = (apiVersion: string, kind: string, name: string, rest: object, namespace?: string) =>
  ({ apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, ...rest }) as { [key: string]: Json };
const pod = (namespace: string, app: string, ip: string, rest: object = {}) => {
  const spec = { containers: [{ ports: [{ name: "web", containerPort: 80 }] }], ...rest };
  const made = object("v1", "Pod", app, { spec, status: { podIPs: [{ ip }] } });
  return { ...made, metadata: { name: app, namespace, labels: { app } } };
};
const namespace = (name: string, labels: Json): Json => {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
};

/** The machines of a small cluster. */
const cluster: Json[] = [
  namespace("x", { team: "x", "sallyport.dev/overlay": "o" }),
  namespace("y", { team: "y", "sallyport.dev/overlay": "o" }),
  pod("x", "a", "10.0.0.1"),
  pod("x", "b", "10.0.0.2"),
  pod("y", "a", "10.0.1.1"),
  pod("y", "h", "10.9.0.1", { hostNetwork: true }),
  {
    ...object("v1", "Node", "n", { status: { addresses: [{ type: "InternalIP", address: "10.9.0.1" }] } }),
    metadata: { name: "n", labels: { zone: "z" } },
  },
];
const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.9.0.1", "192.0.2.1"];
const TRAFFIC = [
  { protocol: 6, port: 80 },
  { protocol: 6, port: 81 },
  { protocol: 17, port: 53 },
  { protocol: 1, port: 0x800 },
];
const flows: Flow[] = ADDRESSES.flatMap((from) =>
  ADDRESSES.flatMap((to) => (from === to ? [] : TRAFFIC.map((traffic) => ({ from, to, ...traffic })))),
);

const labels = (key: string, ...values: string[]) =>
  fc.oneof(
    fc.constant({}),
    fc.constantFrom(...values).map((value) => ({ matchLabels: { [key]: value } })),
    fc.constantFrom(...values).map((value) => ({ matchExpressions: [{ key, operator: "NotIn", values: [value] }] })),
  );
const pods = labels("app", "a", "b");
const namespaces = labels("team", "x", "y");
const both = fc.record({ podSelector: pods, namespaceSelector: namespaces });
const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 2 });
const cidr = fc.constantFrom("10.0.0.0/16", "10.0.0.0/24", "192.0.2.0/24", "0.0.0.0/0");
const ports = few(fc.constantFrom({ port: 80 }, { port: "web" }, { port: 81, endPort: 90 }, { protocol: "UDP" }));

const networkPolicy = fc
  .record({
    podSelector: pods,
    policyTypes: fc.subarray(["Ingress", "Egress"], { minLength: 1 }),
    ingress: few(fc.record({ from: few(both), ports }, { requiredKeys: [] })),
    egress: few(fc.record({ to: few(cidr.map((cidr) => ({ ipBlock: { cidr } }))), ports }, { requiredKeys: [] })),
  })
  .map((spec) => object("networking.k8s.io/v1", "NetworkPolicy", "p", { spec }, "x"));

const podPeer = fc.oneof(
  both.map((pods) => ({ pods })),
  namespaces.map((namespaces) => ({ namespaces })),
);
const outward = fc.oneof(
  podPeer,
  fc.constant({ nodes: {} }),
  few(cidr).map(([one]) => ({ networks: [one] })),
);
const tcp = fc.constantFrom(80, 81).map((number) => ({ tcp: { destinationPort: { number } } }));
const protocols = few(fc.oneof(tcp, fc.constant({ udp: { destinationPort: { range: { start: 1, end: 99 } } } })));
const action = fc.constantFrom("Accept", "Deny", "Pass");
const clusterPolicy = fc
  .record({
    tier: fc.constantFrom("Admin", "Baseline"),
    priority: fc.integer({ min: 0, max: 3 }),
    subject: podPeer,
    ingress: few(fc.record({ action, from: few(podPeer), protocols }, { requiredKeys: ["action", "from"] })),
    egress: few(fc.record({ action, to: few(outward), protocols }, { requiredKeys: ["action", "to"] })),
  })
  .map((spec) => object("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", "c", { spec }));

const flowPeer = fc.oneof(
  both,
  cidr.map((cidr) => ({ ipBlock: { cidr } })),
  fc.constant({ identity: "spiffe://cluster.local/ns/x/*" }),
);
const flowPolicy = fc
  .record(
    {
      overlay: fc.constant("o"),
      priority: fc.integer({ min: 0, max: 3 }),
      subject: both,
      action: fc.constantFrom("Allow", "Deny", "Pass"),
      peers: few(flowPeer),
      isIngress: fc.boolean(),
      protocols: few(fc.constantFrom("TCP", { protocol: "ICMP", type: 8 })),
      ports,
    },
    { requiredKeys: ["overlay", "priority", "subject", "action", "peers", "isIngress"] },
  )
  .map(({ peers, isIngress, ...spec }) =>
    object("sallyport.dev/v1alpha1", "FlowPolicy", "f", { spec: { ...spec, [isIngress ? "from" : "to"]: peers } }),
  );

/** Policies of different names. */
const policies = fc
  .array(fc.oneof(networkPolicy, clusterPolicy, flowPolicy), { maxLength: 4 })
  .map((list) => list.map((one, i) => ({ ...one, metadata: { ...(one.metadata as object), name: `p${i}` } }) as Json));

function read(objects: readonly Json[], isolation: Isolation): { world: World; rejected: number } {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const { world, rejections, unreadable } = decodeWorld([{ file: "a.yaml", text }]);
  return {
    world: { ...world, overlays: [{ ...overlay, isolation }] },
    rejected: rejections.length + unreadable.length,
  };
}

/** Every place in a value but the whole. */
function placesIn(value: Json, above: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = [...above, Array.isArray(value) ? Number(key) : key];
    return [path, ...placesIn(inner, path)];
  });
}

function replaced(value: Json, [key, ...rest]: Path, change: (old: Json) => Json): Json {
  if (key === undefined) return change(value);
  const copy = structuredClone(value) as { [key: string]: Json };
  copy[key] = replaced(copy[key] as Json, rest, change);
  return copy;
}

const garbage = fc.oneof(
  fc.constantFrom<Json[]>(null, {}, [], "", "*", -1, 65536, "10.0.0.0/8", { matchLabels: { a: "b" } }),
  fc.jsonValue({ maxDepth: 2 }).map((value) => value as Json),
);
const changes: fc.Arbitrary<(old: Json) => Json> = fc.oneof(
  garbage.map((value) => () => value),
  fc.constant((old: Json) => [old]),
  fc.tuple(fc.string(), garbage).map(
    ([key, value]) =>
      (old: Json) =>
        isObject(old) ? { ...old, [key]: value } : value,
  ),
);
const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

describe("garbage anywhere in an object", () => {
  /** What says what a thing is, where it is, and what a rule does can't be guessed once it is gone. */
  const isTraceable = (path: Path) =>
    !["kind", "metadata"].includes(path.join()) && path[0] !== "status" && path.at(-1) !== "action";

  const broken = fc
    .record({ policies, isolation: fc.constantFrom("DefaultDeny" as const, "Kubernetes" as const) })
    .chain(({ policies, isolation }) => {
      const objects = [...cluster, ...policies];
      const places = objects.flatMap((one, i) => placesIn(one).map((path) => [i, ...path]));
      return fc.record({
        objects: fc.constant(objects),
        isolation: fc.constant(isolation),
        place: fc.constantFrom(...places.filter(([, ...path]) => isTraceable(path))),
        change: changes,
      });
    });

  test("never throws, and never widens access when it is noticed", () => {
    let noticed = 0;
    let closed = 0;
    fc.assert(
      fc.property(broken, ({ objects, isolation, place, change }) => {
        const before = read(objects, isolation);
        expect(before.rejected).toBe(0);
        const after = read(replaced([...objects], place, change) as Json[], isolation);
        if (after.rejected === 0) return;
        noticed++;
        const [was, is] = [before, after].map(({ world }) => flows.map((flow) => mayPass(world, flow)));
        closed += was?.filter((passed, i) => passed && !is?.[i]).length ?? 0;
        expect(flows.filter((_, i) => is?.[i] && !was?.[i])).toEqual([]);
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 300) },
    );
    expect(noticed).toBeGreaterThan(30);
    expect(closed).toBeGreaterThan(30);
  });

  test("never throws, whatever the text", () => {
    const text = [...cluster.map((one) => JSON.stringify(one, undefined, 1)), overlayText(), endpoint("a: 1")].join(
      "\n---\n",
    );
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(60), fc.string({ unit: "binary", maxLength: 20 }), (at, cut, put) => {
        const edited = text.slice(0, at) + put + text.slice(at + cut);
        expect(decodeWorld([{ file: "a.yaml", text: edited }]).world.closed).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});
