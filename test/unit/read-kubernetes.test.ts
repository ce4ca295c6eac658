import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import type { RawObject } from "../../controller/read/documents.ts";
import { Draft } from "../../controller/read/draft.ts";
import { formatRejection, rejection } from "../../controller/read/issue.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { brokenKubernetesObjects, pod } from "./broken-kubernetes-objects.ts";

const read = (...objects: unknown[]) => {
  const text = objects.map((object) => JSON.stringify(object, undefined, 1)).join("\n---\n");
  const { world, rejections, unreadable } = decodeWorld([{ file: "a.json", text }]);
  return { world, messages: [...unreadable, ...rejections].map(formatRejection) };
};

function rawObject(object: Record<string, unknown>): RawObject {
  const origin = { file: "a.json", line: 1, kind: String(object.kind), name: "a" };
  return { object, origin, reject: (issue) => rejection(origin, issue), once: (decode) => decode() };
}

const list = (kind: string, apiVersion: string, items: unknown) => ({ kind, apiVersion, metadata: {}, items });
const namespace = (name: string, labels: object = {}) => {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
};

describe("what kubectl prints", () => {
  const text = readFileSync(new URL("kubectl.yaml", import.meta.url), "utf8");
  const { world, rejections, unreadable } = decodeWorld([{ file: "kubectl.yaml", text }]);

  test("is read without a rejection", () => {
    expect([...unreadable, ...rejections].map(formatRejection)).toEqual([]);
    expect(world.policies).toMatchObject([{ name: "web", ingress: [{ index: 0 }] }]);
  });

  test("has pods with their addresses, ports and identity", () => {
    const [web, proxy, report] = world.pods;
    expect(web).toEqual({
      origin: { file: "kubectl.yaml", line: 70, kind: "Pod", name: "shop/web-7c5ddbdf54-2xkqz" },
      namespace: "shop",
      name: "web-7c5ddbdf54-2xkqz",
      uid: "c1a2c9d2-7b70-4f0a-b7df-3a6bb0e2a3f4",
      labels: { app: "web", "pod-template-hash": "7c5ddbdf54" },
      addresses: ["10.244.1.5", "fd00:10:244:1::5"],
      ports: [
        { name: "http", protocol: "TCP", port: 8080 },
        { name: "", protocol: "TCP", port: 9090 },
        { name: "metrics", protocol: "TCP", port: 15090 },
      ],
      identity: "spiffe://cluster.local/ns/shop/sa/web",
      hostNetwork: false,
      hasRules: false,
      node: "worker-1",
    });
    expect(proxy).toMatchObject({ hostNetwork: true, addresses: ["172.18.0.3", "fc00:f853:ccd:e793::3"] });
    expect(report).toMatchObject({ hostNetwork: false, addresses: [] });
  });

  test("makes endpoints of pods with addresses of their own", () => {
    expect(world.endpoints).toMatchObject([{ namespace: "shop", name: "web-7c5ddbdf54-2xkqz", overlay: "" }]);
    expect(world.closed).toEqual([]);
  });

  test("has nodes, services and endpoint slices", () => {
    expect(world.nodes).toMatchObject([
      { name: "worker-1", addresses: ["172.18.0.3", "fc00:f853:ccd:e793::3", "203.0.113.7"] },
    ]);
    const selector = { requirements: [{ key: "app", operator: "In", values: ["web"] }] };
    const ports = [
      { name: "http", protocol: "TCP", port: 80, targetPort: "http" },
      { name: "metrics", protocol: "TCP", port: 9090, targetPort: 9090 },
    ];
    expect(world.services).toMatchObject([
      { namespace: "shop", name: "web", selector, addresses: ["10.96.40.12", "fd00:10:96::1234"], ports },
      { namespace: "shop", name: "peers", addresses: [], ports: [] },
    ]);
    expect(world.services[1]).not.toHaveProperty("selector");
    expect(world.endpointSlices).toMatchObject([
      { namespace: "shop", service: "web", addresses: ["10.244.1.5"], ports: [{ name: "http", port: 8080 }] },
    ]);
  });

  test("means the same as one document an object", () => {
    const { items } = parse(text) as { items: unknown[] };
    const placeless = (value: unknown) => JSON.stringify(value, (key, part) => (key === "origin" ? undefined : part));
    expect(placeless(read(...items).world)).toBe(placeless(world));
  });
});

describe("a list", () => {
  const item = { metadata: { name: "a" } };
  test.each([
    { name: "with kinds in its items", value: list("NamespaceList", "v1", [namespace("a")]) },
    { name: "without them", value: list("NamespaceList", "v1", [item]) },
  ])("of one kind is read $name", ({ value }) => {
    const { world, messages } = read(value);
    expect([messages, world.namespaces.map(({ name }) => name)]).toEqual([[], ["a"]]);
  });

  test.each([
    { name: "no items", value: list("PodList", "v1", []) },
    { name: "null", value: list("NetworkPolicyList", "networking.k8s.io/v1", null) },
  ])("may have $name", ({ value }) => {
    expect(read(value).messages).toEqual([]);
  });

  test("of a kind that isn't read says so of each item", () => {
    expect(read(list("WidgetList", "example.com/v1", [item, item])).messages).toEqual([
      expect.stringMatching(/^a\.json:6: Widget a: kind: "Widget" is not a kind that is read here/),
      expect.stringMatching(/^a\.json:11: Widget a: kind: /),
    ]);
  });

  test("of policies names the place of a fault", () => {
    const broken = { metadata: { name: "p" }, spec: { podSelector: {}, ingress: [{ from: [{}] }] } };
    expect(read(list("NetworkPolicyList", "networking.k8s.io/v1", [broken])).messages).toEqual([
      expect.stringMatching(/^a\.json:15: NetworkPolicy p: spec\.ingress\[0\]\.from\[0\]: is an empty peer/),
    ]);
  });
});

describe("a pod", () => {
  const endpoints = (...objects: unknown[]) => read(...objects).world.endpoints;

  test.each([
    { phase: "Pending", status: {}, want: [] },
    { phase: "Pending", status: { podIPs: [{ ip: "10.0.0.1" }] }, want: ["10.0.0.1"] },
    { phase: "Running", status: { podIPs: [{ ip: "FD00::1" }, { ip: "10.0.0.1" }] }, want: ["fd00::1", "10.0.0.1"] },
    { phase: "Running", status: { podIP: "10.0.0.1" }, want: ["10.0.0.1"] },
    { phase: "Unknown", status: { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }] }, want: ["10.0.0.1"] },
    { phase: "Succeeded", status: { podIP: "10.0.0.1" }, want: [] },
    { phase: "Failed", status: { podIPs: [{ ip: "10.0.0.1" }] }, want: [] },
  ])("in phase $phase with $status has the addresses $want", ({ phase, status, want }) => {
    const { world, messages } = read(pod({ status: { phase, ...status } }));
    expect([messages, world.pods[0]?.addresses]).toEqual([[], want]);
    expect(world.endpoints.flatMap(({ addresses }) => addresses)).toEqual(want);
  });

  test("without status has no addresses, and without spec is broken", () => {
    expect(read(pod({ status: undefined })).world.pods).toMatchObject([{ addresses: [] }]);
    expect(read(pod({ spec: undefined })).messages).toEqual(["a.json:1: Pod x/a: spec: is required: a mapping"]);
  });

  test("keeps the order of containers where two name a port", () => {
    const ports = (port: number) => ({ ports: [{ name: "web", containerPort: port }] });
    const sidecar = { restartPolicy: "Always", ...ports(1) };
    const spec = { initContainers: [sidecar, ports(2)], containers: [ports(3), {}, ports(4)] };
    expect(read(pod({ spec })).world.pods[0]?.ports.map(({ port }) => port)).toEqual([3, 4, 1]);
  });

  test("belongs to the overlay that its namespace names, wherever that stands", () => {
    expect(endpoints(pod({}), namespace("x", { "sallyport.dev/overlay": "o" }))).toMatchObject([{ overlay: "o" }]);
  });

  test.each([
    { asks: "none", podOptOut: "Allow", overlay: "", messages: [] },
    { asks: "none", podOptOut: "Refuse", overlay: "o", messages: [expect.stringContaining("Overlay o doesn't allow")] },
    { asks: "other", podOptOut: "Allow", overlay: "o", messages: [] },
  ])("that asks for $asks where the overlay says $podOptOut is in overlay $overlay", ({ asks, podOptOut, ...want }) => {
    const asking = pod({ metadata: { name: "a", namespace: "x", labels: { "sallyport.dev/overlay": asks } } });
    const spec = { id: 1, cidr: ["10.0.0.0/8"], path: ["g"], podOptOut };
    const overlay = { apiVersion: "sallyport.dev/v1alpha1", kind: "Overlay", metadata: { name: "o" }, spec };
    const { world, messages } = read(asking, overlay, namespace("x", { "sallyport.dev/overlay": "o" }));
    expect({ overlay: world.endpoints[0]?.overlay, messages }).toEqual(want);
  });

  test.each([
    { name: "that has loaded the rules", message: "# sallyport rules: enforce\n", overlay: "o" },
    { name: "that has loaded rules that audit", message: "# sallyport rules: audit\n", overlay: "o" },
    { name: "whose namespace had none when it started", message: "no rules", overlay: "" },
    { name: "whose init container said nothing", message: undefined, overlay: "" },
    { name: "of which another init container says so", message: "# sallyport rules: enforce", by: "x", overlay: "" },
  ])("$name is in overlay '$overlay' where only those are that have", ({ message, by = "sallyport-init", overlay }) => {
    const initContainerStatuses = [{ name: by, state: { terminated: { exitCode: 0, message } } }];
    const started = pod({ status: { podIPs: [{ ip: "10.0.0.1" }], initContainerStatuses } });
    const draft = new Draft({ onlyWithRules: true });
    for (const object of [started, namespace("x", { "sallyport.dev/overlay": "o" })]) draft.take(rawObject(object));
    expect([draft.world().endpoints.map((endpoint) => endpoint.overlay), draft.rejections]).toEqual([[overlay], []]);
  });

  test("is in the namespace default if it names none", () => {
    const { world } = read(pod({ metadata: { name: "a" } }));
    expect([world.pods[0]?.namespace, world.namespaces.map(({ name }) => name)]).toEqual(["default", ["default"]]);
  });
});

describe("what can't be read", () => {
  test.each(brokenKubernetesObjects)("$name", ({ object, message, closed = [] }) => {
    const { world, messages } = read(object);
    expect(messages).toEqual([expect.stringMatching(message)]);
    expect([world.pods, world.endpoints, world.nodes, world.services, world.closed]).toEqual([[], [], [], [], closed]);
  });

  test("of a namespace takes its pods along", () => {
    const { world, messages } = read(pod({}), { ...namespace("x"), metadata: { name: "x", labels: [] } });
    expect([world.endpoints, world.pods, world.closed]).toEqual([[], [], ["10.0.0.1"]]);
    expect(messages).toHaveLength(2);
  });

  test("of two pods of one name the second, and its address is nobody's", () => {
    const second = pod({ status: { podIPs: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }] } });
    const { world, messages } = read(pod({}), second);
    expect([world.endpoints.length, world.closed]).toEqual([1, ["10.0.0.2"]]);
    expect(messages).toEqual([expect.stringMatching(/Pod x\/a: metadata\.name: repeats the object of a\.json:1/)]);
  });
});
