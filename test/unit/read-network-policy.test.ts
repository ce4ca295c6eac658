import { describe, expect, test } from "@jest/globals";
import type { NetworkPolicy, PolicyRule } from "../../controller/model/resources.ts";
import { decodeNetworkPolicy } from "../../controller/read/network-policy.ts";
import { brokenRules } from "./broken-rules.ts";
import { app, origin, policy, selected } from "./policies.ts";

describe("a readable policy", () => {
  const rule = { ports: [{ port: 80 }] };
  const taken: PolicyRule = { index: 0, ports: [{ protocol: "TCP", port: 80 }] };
  const readable: { name: string; spec: object; want: Partial<NetworkPolicy> }[] = [
    { name: "isolates ingress by default", spec: {}, want: { podSelector: { requirements: [] }, ingress: [] } },
    {
      name: "takes null for absent",
      spec: { podSelector: null, ingress: null, egress: null, policyTypes: null },
      want: { ingress: [] },
    },
    {
      name: "takes empty policyTypes for absent",
      spec: { policyTypes: [], egress: [rule] },
      want: { ingress: [], egress: [taken] },
    },
    {
      name: "isolates egress when there are egress rules",
      spec: { egress: [rule] },
      want: { ingress: [], egress: [taken] },
    },
    { name: "does not isolate egress for an empty list", spec: { egress: [] }, want: { ingress: [] } },
    { name: "isolates egress when told so", spec: { policyTypes: ["Egress"] }, want: { egress: [] } },
    {
      name: "ignores rules of a direction that policyTypes leaves out",
      spec: { policyTypes: ["Egress"], ingress: [rule] },
      want: { egress: [] },
    },
    { name: "allows everything with an empty rule", spec: { ingress: [{}] }, want: { ingress: [{ index: 0 }] } },
    {
      name: "takes empty lists for every peer and port",
      spec: { ingress: [{ from: [], ports: [] }] },
      want: { ingress: [{ index: 0 }] },
    },
    {
      name: "takes null lists for every peer and port",
      spec: { ingress: [{ from: null, ports: null }] },
      want: { ingress: [{ index: 0 }] },
    },
    { name: "takes a port for TCP", spec: { ingress: [rule] }, want: { ingress: [taken] } },
    {
      name: "takes no port for all of the protocol",
      spec: { ingress: [{ ports: [{ protocol: "SCTP" }] }] },
      want: { ingress: [{ index: 0, ports: [{ protocol: "SCTP" }] }] },
    },
    {
      name: "takes a range of one port, the first and the last port",
      spec: {
        ingress: [
          {
            ports: [
              { port: 1, endPort: 1 },
              { port: 65535, endPort: 65535, protocol: "UDP" },
            ],
          },
        ],
      },
      want: {
        ingress: [
          {
            index: 0,
            ports: [
              { protocol: "TCP", port: 1, endPort: 1 },
              { protocol: "UDP", port: 65535, endPort: 65535 },
            ],
          },
        ],
      },
    },
    {
      name: "takes a named port",
      spec: { ingress: [{ ports: [{ port: "http" }] }] },
      want: { ingress: [{ index: 0, ports: [{ protocol: "TCP", port: "http" }] }] },
    },
    {
      name: "takes pods of this namespace, of others, and all pods of others",
      spec: {
        ingress: [
          {
            from: [
              { podSelector: app("a") },
              { namespaceSelector: {}, podSelector: app("b") },
              { namespaceSelector: app("c"), podSelector: null },
            ],
          },
        ],
      },
      want: {
        ingress: [
          {
            index: 0,
            peers: [
              { kind: "pods", podSelector: selected("a") },
              { kind: "pods", namespaceSelector: { requirements: [] }, podSelector: selected("b") },
              { kind: "pods", namespaceSelector: selected("c"), podSelector: { requirements: [] } },
            ],
          },
        ],
      },
    },
    {
      name: "clears host bits of blocks as the API does",
      spec: { ingress: [{ from: [{ ipBlock: { cidr: "10.1.2.3/8", except: ["10.9.9.9/16", "10.1.0.0/32"] } }] }] },
      want: {
        ingress: [{ index: 0, peers: [{ kind: "block", cidr: "10.0.0.0/8", except: ["10.9.0.0/16", "10.1.0.0/32"] }] }],
      },
    },
    {
      name: "takes expressions after labels",
      spec: {
        podSelector: {
          matchLabels: { app: "web" },
          matchExpressions: [
            { key: "example.com/tier", operator: "NotIn", values: ["", "x"] },
            { key: "a", operator: "Exists" },
            { key: "b", operator: "DoesNotExist", values: [] },
          ],
        },
      },
      want: {
        podSelector: {
          requirements: [
            { key: "app", operator: "In", values: ["web"] },
            { key: "example.com/tier", operator: "NotIn", values: ["", "x"] },
            { key: "a", operator: "Exists", values: [] },
            { key: "b", operator: "DoesNotExist", values: [] },
          ],
        },
        ingress: [],
      },
    },
  ];

  test.each(readable)("$name", ({ spec, want }) => {
    const whole = { origin, namespace: "shop", name: "web", podSelector: { requirements: [] }, ...want };
    expect(decodeNetworkPolicy(policy(spec), origin)).toEqual({ policy: whole, rejections: [] });
  });

  test("takes what an API server adds", () => {
    const metadata = {
      namespace: "",
      name: "web",
      uid: "u",
      managedFields: [],
      annotations: { a: "b" },
      labels: { a: "b" },
    };
    const decoded = decodeNetworkPolicy(policy({}, { metadata, status: {} }), origin);
    expect(decoded).toMatchObject({ rejections: [], policy: { namespace: "default" } });
  });
});

describe("a broken rule", () => {
  test.each(brokenRules)("of $name loses its allow and no other", ({ rule, field, message }) => {
    const good = { ports: [{ port: 80 }] };
    const { policy: left, rejections } = decodeNetworkPolicy(
      policy({ podSelector: app("a"), ingress: [good, rule, good] }),
      origin,
    );
    expect(left).toEqual({
      ...{ origin, namespace: "shop", name: "web", podSelector: selected("a") },
      ingress: [0, 2].map((index) => ({ index, ports: [{ protocol: "TCP", port: 80 }] })),
    });
    expect(rejections).toEqual([{ origin, field: `spec.ingress[1]${field}`, message: expect.stringMatching(message) }]);
  });

  test("in egress names egress", () => {
    const { policy: left, rejections } = decodeNetworkPolicy(policy({ egress: [{ from: [] }] }), origin);
    expect(left).toMatchObject({ ingress: [], egress: [] });
    expect(rejections).toMatchObject([
      { field: "spec.egress[0].from", message: expect.stringContaining("must be to") },
    ]);
  });
});

const both = { ingress: [], egress: [] };
const all = { podSelector: { requirements: [] } };
const web = { podSelector: selected("web") };

describe("a policy that is broken outside of its rules", () => {
  const spec = { podSelector: app("web"), ingress: [{}], policyTypes: ["Ingress"] };
  const { policyTypes: _, ...untyped } = spec;
  test.each<{ name: string; object: unknown; field: string; message: RegExp; want: object }>([
    { name: "nothing at all", object: null, field: "", message: /mapping/, want: { ...all, ...both } },
    { name: "no spec", object: policy(undefined), field: "spec", message: /required/, want: { ...all, ...both } },
    { name: "a spec that is a list", object: policy([]), field: "spec", message: /mapping/, want: { ...all, ...both } },
    {
      name: "an unknown field of spec",
      object: policy({ ...spec, ingres: [] }),
      field: "spec.ingres",
      message: /did you mean ingress\?/,
      want: { ...web, ingress: [] },
    },
    {
      name: "an unknown field of spec, without policyTypes",
      object: policy({ ...untyped, egres: [] }),
      field: "spec.egres",
      message: /did you mean egress\?/,
      want: { ...web, ...both },
    },
    {
      name: "a misspelled selector",
      object: policy({ podSelecter: app("web"), ingress: [{}] }),
      field: "spec.podSelecter",
      message: /did you mean podSelector/,
      want: { ...all, ...both },
    },
    {
      name: "a field outside of spec",
      object: policy(spec, { policyTypes: ["Egress"] }),
      field: "policyTypes",
      message: /belongs under spec/,
      want: { ...web, ingress: [] },
    },
    {
      name: "an unreadable selector",
      object: policy({ ...spec, podSelector: { matchLabels: { app: 1 } } }),
      field: "spec.podSelector.matchLabels.app",
      message: /quotes/,
      want: { ...all, ingress: [] },
    },
    {
      name: "a selector that is text",
      object: policy({ ...spec, podSelector: "web" }),
      field: "spec.podSelector",
      message: /mapping/,
      want: { ...all, ingress: [] },
    },
    {
      name: "an unknown policy type",
      object: policy({ ...spec, policyTypes: ["Ingres"] }),
      field: "spec.policyTypes[0]",
      message: /did you mean Ingress\?/,
      want: { ...web, ...both },
    },
    {
      name: "a policy type outside of a list",
      object: policy({ ...spec, policyTypes: "Ingress" }),
      field: "spec.policyTypes",
      message: /list/,
      want: { ...web, ...both },
    },
    {
      name: "rules outside of a list",
      object: policy({ ...untyped, ingress: {} }),
      field: "spec.ingress",
      message: /list/,
      want: { ...web, ...both },
    },
    {
      name: "10,001 rules",
      object: policy({ ...spec, ingress: new Array(10_001).fill({}) }),
      field: "spec.ingress",
      message: /10001/,
      want: { ...web, ingress: [] },
    },
    {
      name: "an old apiVersion",
      object: { ...(policy(spec) as object), apiVersion: "extensions/v1beta1" },
      field: "apiVersion",
      message: /networking.k8s.io\/v1/,
      want: { ...web, ingress: [] },
    },
    {
      name: "no name",
      object: policy(spec, { metadata: { namespace: "shop" } }),
      field: "metadata.name",
      message: /required/,
      want: { ...web, namespace: "shop", name: "", ingress: [] },
    },
    {
      name: "a bad name",
      object: policy(spec, { metadata: { namespace: "shop", name: "Web" } }),
      field: "metadata.name",
      message: /lower-case/,
      want: { ...web, name: "Web", ingress: [] },
    },
    {
      name: "a namespace that is a number",
      object: policy(spec, { metadata: { namespace: 7, name: "web" } }),
      field: "metadata.namespace",
      message: /quotes/,
      want: { ...web, namespace: "", ingress: [] },
    },
  ])("by $name still isolates and allows nothing", ({ object, field, message, want }) => {
    const { policy: left, rejections } = decodeNetworkPolicy(object, origin);
    const { name: _name, namespace: _namespace, origin: _origin, ...semantics } = left;
    expect({ ...left, ...semantics }).toMatchObject(want);
    expect(Object.keys(semantics).sort()).toEqual(
      Object.keys({ ...all, ...want })
        .filter((key) => key in semantics)
        .sort(),
    );
    expect(rejections).toContainEqual({ origin, field, message: expect.stringMatching(message) });
  });
});
