import { describe, expect, test } from "@jest/globals";
import { formatRejection } from "../../controller/read/issue.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { object, overlay } from "./broken-texts.ts";
import { clusterPolicy, denyAll, EVERYBODY, flowPolicy, WEB } from "./cluster-policies.ts";
import { policy } from "./policies.ts";

const read = (...texts: string[]) => {
  const { world, rejections, unreadable } = decodeWorld([{ file: "a.yaml", text: texts.join("\n---\n") }]);
  return { world, messages: [...unreadable, ...rejections].map(formatRejection) };
};
const kind = (kind: string, apiVersion: string) => JSON.stringify({ kind, apiVersion, metadata: { name: "x" } });

describe("kinds of Kubernetes' that have no say are passed over", () => {
  test.each([
    ["ConfigMap", "v1"],
    ["Endpoints", "v1"],
    ["Deployment", "apps/v1"],
    ["CronJob", "batch/v1"],
    ["Ingress", "networking.k8s.io/v1"],
    ["PodDisruptionBudget", "policy/v1"],
    ["CustomResourceDefinition", "apiextensions.k8s.io/v1"],
  ])("%s of %s", (...names) => {
    expect(read(kind(...names)).messages).toEqual([]);
  });
});

describe("other kinds are rejected", () => {
  test.each([
    { names: ["Deployment", "example.com/v1"], advice: /: remove it, or use Overlay, OverlayGateway, / },
    { names: ["ConfigMap", "v2"], advice: /: remove it, or use / },
    { names: ["Podd", "v1"], advice: /; did you mean Pod\?$/ },
    { names: ["Endpointslice", "discovery.k8s.io/v1"], advice: /; did you mean EndpointSlice\?$/ },
    { names: ["constructor", "v1"], advice: /: remove it/ },
    { names: ["ConfigMap", "__proto__"], advice: /: remove it/ },
    { names: ["AdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1"], advice: /v1alpha2 with tier: Admin$/ },
    { names: ["BaselineAdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1"], advice: /with tier: Baseline$/ },
    { names: ["CiliumNetworkPolicy", "cilium.io/v2"], advice: /: remove it|; did you mean/ },
  ] as const)("$names", ({ names, advice }) => {
    const { messages } = read(kind(names[0], names[1]));
    expect(messages).toEqual([expect.stringMatching(/^a\.yaml:1: .*: kind: ".*" is not a kind that is read here/)]);
    expect(messages[0]).toMatch(advice);
  });
});

describe("a policy of which only the kind is misspelled still denies", () => {
  const from = [{ namespaces: {} }];

  test("NetworkPolicy: it isolates", () => {
    const text = JSON.stringify(policy({ podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] }));
    const { world, messages } = read(text.replace('"NetworkPolicy"', '"NetworkPolcy"'));
    expect(messages).toEqual([expect.stringMatching(/did you mean NetworkPolicy\?$/)]);
    expect(world.policies).toMatchObject([{ namespace: "shop", ingress: [] }]);
  });

  test("ClusterNetworkPolicy", () => {
    const text = JSON.stringify(clusterPolicy({ ingress: [{ action: "Deny", from }] }));
    const { world, messages } = read(text.replace('"ClusterNetworkPolicy"', '"clusterNetworkPolicies"'));
    expect(messages).toEqual([expect.stringMatching(/did you mean ClusterNetworkPolicy\?$/)]);
    expect(world.clusterPolicies).toMatchObject([{ subject: WEB, ingress: [{ action: "Deny" }], egress: [] }]);
  });

  test("AdminNetworkPolicy, the former one", () => {
    const rules = [
      { action: "Allow", from },
      { action: "Deny", from, ports: [{ portNumber: { protocol: "TCP", port: 80 } }] },
    ];
    const text = JSON.stringify({ ...clusterPolicy({ tier: undefined, ingress: rules }), kind: "AdminNetworkPolicy" });
    expect(read(text).world.clusterPolicies).toMatchObject([{ tier: "Admin", priority: -1, ingress: [denyAll(1)] }]);
  });

  test("FlowPolicy", () => {
    const text = JSON.stringify({ ...flowPolicy({ action: "Deny", to: [] }), kind: "FlowPolcy" });
    expect(read(text).world.flowPolicies).toMatchObject([{ action: "Deny", directions: ["egress"], subject: WEB }]);
  });
});

describe("of objects that are there twice the second grants nothing", () => {
  const from = [{ namespaces: {} }];
  const rules = { ingress: [{ action: "Accept", from }], egress: [{ action: "Pass", to: from }] };

  test("ClusterNetworkPolicy", () => {
    const text = JSON.stringify(clusterPolicy(rules));
    const { world, messages } = read(text, text);
    expect(messages).toEqual([
      "a.yaml:3: ClusterNetworkPolicy x: metadata.name: repeats the object of a.yaml:1: remove one of the two",
    ]);
    expect(world.clusterPolicies).toMatchObject([
      { ingress: [{ action: "Accept" }], egress: [{ action: "Pass" }] },
      { ingress: [], egress: [{ action: "Deny", peers: [EVERYBODY] }] },
    ]);
  });

  test("FlowPolicy", () => {
    const [allow, via] = [{}, { via: ["a"] }].map((more) =>
      JSON.stringify(flowPolicy({ action: "Allow", from: [{ podSelector: {} }], ...more })),
    ) as [string, string];
    expect(read(allow, allow).world.flowPolicies).toMatchObject([{ action: "Allow" }]);
    expect(read(allow, via).world.flowPolicies).toMatchObject([{ action: "Allow" }, { action: "Deny" }]);
  });
});

describe("overlays of one id", () => {
  test("are both left out", () => {
    const other = object("Overlay", "id: 7", "cidr: [10.78.0.0/16]", "path: [a]").replace("name: x", "name: y");
    const { world, messages } = read(overlay(), other);
    expect(world.overlays).toEqual([]);
    expect(messages).toEqual([
      "a.yaml:6: Overlay x: spec.id: 7 is the id of overlay y too: give each its own",
      "a.yaml:15: Overlay y: spec.id: 7 is the id of overlay x too: give each its own",
    ]);
  });
});
