import { describe, expect, test } from "@jest/globals";
import { takeClusterPolicy, withoutGrants } from "../../controller/read/cluster-policy.ts";
import { formatPath } from "../../controller/read/issue.ts";
import { brokenTierRules } from "./broken-tier-rules.ts";
import { ANY, clusterPolicy, denyAll, EVERYBODY, origin, WEB, webSelector } from "./cluster-policies.ts";

const take = (object: unknown) => {
  const { value, issues } = takeClusterPolicy(object, origin);
  return { value, issues: issues.map(({ path, message }) => ({ field: formatPath(path), message })) };
};
/** One egress rule, read. */
const egress = (rule: object) => take(clusterPolicy({ egress: [rule] }));
const toAll = { to: [{ namespaces: {} }] };
const pods = { kind: "pods", ...EVERYBODY };

describe("a policy", () => {
  test("is read whole", () => {
    const spec = {
      tier: "Baseline",
      priority: 0,
      subject: { namespaces: webSelector },
      ingress: [{ name: "a", action: "Pass", from: [{ pods: { podSelector: webSelector } }] }],
      egress: [{ action: "Accept", ...toAll }],
    };
    expect(take(clusterPolicy(spec, { status: { conditions: [] } }))).toEqual({
      issues: [],
      value: {
        origin,
        name: "x",
        tier: "Baseline",
        priority: 0,
        subject: { namespaceSelector: WEB.podSelector, podSelector: ANY },
        ingress: [{ index: 0, name: "a", action: "Pass", peers: [{ kind: "pods", ...WEB }] }],
        egress: [{ index: 0, name: "", action: "Accept", peers: [pods] }],
      },
    });
  });

  test.each([
    { name: "absent lists", spec: {} },
    { name: "null lists", spec: { ingress: null, egress: null } },
    { name: "empty lists", spec: { ingress: [], egress: [] } },
  ])("says nothing with $name of rules", ({ spec }) => {
    expect(take(clusterPolicy(spec))).toMatchObject({ issues: [], value: { ingress: [], egress: [] } });
  });

  test("is for all namespaces without a namespaceSelector, and for its pods alone with one", () => {
    const subject = { pods: { namespaceSelector: webSelector, podSelector: {} } };
    expect(take(clusterPolicy({})).value.subject).toEqual(WEB);
    expect(take(clusterPolicy({ subject })).value.subject).toEqual({
      namespaceSelector: WEB.podSelector,
      podSelector: ANY,
    });
  });

  test.each([0, 1000])("takes priority %d", (priority) => {
    expect(take(clusterPolicy({ priority })).value.priority).toBe(priority);
  });

  test.each([
    { value: "Audit", want: "Audit" },
    { value: "Enforce", want: undefined },
  ])("is enforced or not as its annotation $value says", ({ value, want }) => {
    const metadata = { name: "x", annotations: { "sallyport.dev/enforcement": value, "example.com/a": 1 } };
    expect(take(clusterPolicy({}, { metadata }))).toMatchObject({ issues: [] });
    expect(take(clusterPolicy({}, { metadata })).value.enforcement).toBe(want);
  });
});

describe("a rule", () => {
  const peers: { name: string; peer: object; want: object }[] = [
    { name: "namespaces", peer: { namespaces: {} }, want: pods },
    { name: "pods", peer: { pods: { podSelector: webSelector } }, want: { kind: "pods", ...WEB } },
    { name: "nodes", peer: { nodes: {} }, want: { kind: "nodes", selector: ANY } },
    {
      name: "networks, without their host bits",
      peer: { networks: ["10.1.2.3/8", "FD00::1/8"] },
      want: { kind: "networks", cidrs: ["10.0.0.0/8", "fd00::/8"] },
    },
    {
      name: "domain names, in one case and without a final dot",
      peer: { domainNames: ["Kubernetes.IO.", "*.k8s.io", "_dns.a-b.io"] },
      want: { kind: "domains", names: ["kubernetes.io", "*.k8s.io", "_dns.a-b.io"] },
    },
  ];
  test.each(peers)("names $name", ({ peer, want }) => {
    expect(egress({ action: "Accept", to: [peer] })).toMatchObject({
      issues: [],
      value: { egress: [{ peers: [want] }] },
    });
  });

  const range = (start: number, end: number) => ({ destinationPort: { range: { start, end } } });
  const protocols: { protocol: object; want: object }[] = [
    { protocol: { tcp: { destinationPort: { number: 80 } } }, want: { protocol: 6, first: 80, last: 80 } },
    { protocol: { udp: range(1, 65535) }, want: { protocol: 17, first: 1, last: 65535 } },
    { protocol: { sctp: range(7, 8) }, want: { protocol: 132, first: 7, last: 8 } },
    { protocol: { destinationNamedPort: "web" }, want: { name: "web" } },
  ];
  test.each(protocols)("covers $protocol", ({ protocol, want }) => {
    const { value, issues } = egress({ action: "Deny", ...toAll, protocols: [protocol] });
    expect([issues, value.egress[0]?.traffic]).toEqual([[], [want]]);
  });

  test("covers all traffic without protocols", () => {
    expect(egress({ action: "Deny", ...toAll }).value.egress).toEqual([
      { index: 0, name: "", action: "Deny", peers: [pods] },
    ]);
  });

  test("names only namespaces and pods as sources", () => {
    for (const from of [{ nodes: {} }, { networks: ["::/0"] }, { domainNames: ["a.io"] }]) {
      const { issues, value } = take(clusterPolicy({ ingress: [{ action: "Deny", from: [from] }] }));
      const message = "is for egress rules only: ingress rules name namespaces or pods";
      expect(issues).toEqual([{ field: `spec.ingress[0].from[0].${Object.keys(from)}`, message }]);
      expect(value.ingress).toEqual([denyAll()]);
    }
  });
});

describe("a broken rule matches nothing if it accepts, and denies everything if it denies or passes", () => {
  test.each(brokenTierRules)("$name", ({ rule, field, message }) => {
    for (const action of ["Accept", "Deny", "Pass"]) {
      const rules = [
        { action: "Accept", ...toAll },
        { action, ...rule },
        { action: "Pass", ...toAll },
      ];
      const { value, issues } = take(clusterPolicy({ egress: rules }));
      const left = action === "Accept" ? [] : [denyAll(1)];
      expect(issues).toContainEqual({ field: `spec.egress[1]${field}`, message: expect.stringMatching(message) });
      expect(value.egress).toMatchObject([{ index: 0, action: "Accept" }, ...left, { index: 2, action: "Pass" }]);
    }
  });

  test.each([undefined, "Reject", "accept", 1, null, {}])("so does one of action %p", (action) => {
    const { value, issues } = egress({ ...toAll, action });
    expect(issues).toEqual([
      { field: "spec.egress[0].action", message: expect.stringMatching(/Accept or Deny or Pass/) },
    ]);
    expect(value.egress).toEqual([denyAll()]);
  });

  test.each(["Deny", "Pass"])("so does domainNames in a rule of action %s", (action) => {
    const { value, issues } = egress({ action, to: [{ domainNames: ["a.io"] }] });
    expect(issues).toEqual([
      { field: "spec.egress[0].action", message: expect.stringMatching(/Accept some, and Deny/) },
    ]);
    expect(value.egress).toEqual([denyAll()]);
  });

  test.each([null, 1, "Deny", []])("so does %p in place of a rule", (rule) => {
    expect(take(clusterPolicy({ egress: [rule] })).value.egress).toEqual([denyAll()]);
  });
});

describe("a policy that is broken outside of its rules only denies, as widely as it could have been meant to", () => {
  const rules = {
    ingress: [{ action: "Deny", from: [{ namespaces: {} }] }],
    egress: [
      { action: "Accept", ...toAll },
      { action: "Pass", ...toAll },
    ],
  };
  const deny = (index: number) => ({ index, name: "", action: "Deny", peers: [pods] });
  /** `object` with its rules, and how what is left differs from this: Admin, 10, WEB, both rules that don't accept. */
  const broken: { name: string; object: object; field: string; message: RegExp; left?: object }[] = [
    {
      name: "an unknown tier",
      object: clusterPolicy({ tier: "admin", ...rules }),
      field: "spec.tier",
      message: /^must be Admin or Baseline, not "admin"; did you mean Admin\?$/,
      left: { priority: -1 },
    },
    {
      name: "no priority",
      object: clusterPolicy({ priority: undefined, tier: "Baseline", ...rules }),
      field: "spec.priority",
      message: /^is required: a whole number from 0 to 1000$/,
      left: { tier: "Baseline", priority: -1 },
    },
    {
      name: "priority 1001",
      object: clusterPolicy({ priority: 1001, ...rules }),
      field: "spec.priority",
      message: /^must be a whole number from 0 to 1000, not 1001$/,
      left: { priority: -1 },
    },
    {
      name: "no subject",
      object: clusterPolicy({ subject: {}, ...rules }),
      field: "spec.subject",
      message: /^is empty: write namespaces or pods$/,
      left: { subject: EVERYBODY },
    },
    {
      name: "two subjects",
      object: clusterPolicy({ subject: { namespaces: {}, pods: { podSelector: {} } }, ...rules }),
      field: "spec.subject",
      message: /^has namespaces and pods: write one$/,
      left: { subject: EVERYBODY },
    },
    {
      name: "a subject of a future version",
      object: clusterPolicy({ subject: { pods: { podSelector: webSelector, running: true } }, ...rules }),
      field: "spec.subject.pods.running",
      message: /^is not a known field/,
      left: { subject: EVERYBODY },
    },
    {
      name: "another version",
      object: clusterPolicy(rules, { apiVersion: "policy.networking.k8s.io/v1alpha1" }),
      field: "apiVersion",
      message: /^must be policy\.networking\.k8s\.io\/v1alpha2, not /,
    },
    {
      name: "a namespace",
      object: clusterPolicy(rules, { metadata: { name: "x", namespace: "y" } }),
      field: "metadata.namespace",
      message: /^must be removed/,
    },
    {
      name: "a misspelled annotation",
      object: clusterPolicy(rules, { metadata: { name: "x", annotations: { "sallyport.dev/enforce": "Audit" } } }),
      field: 'metadata.annotations["sallyport.dev/enforce"]',
      message: /did you mean sallyport\.dev\/enforcement\?$/,
    },
    {
      name: "a misspelled enforcement",
      object: clusterPolicy(rules, { metadata: { name: "x", annotations: { "sallyport.dev/enforcement": "audit" } } }),
      field: 'metadata.annotations["sallyport.dev/enforcement"]',
      message: /^must be Enforce or Audit, not "audit"; did you mean Audit\?$/,
    },
    {
      name: "a field that could be rules",
      object: clusterPolicy({ ...rules, egres: [] }),
      field: "spec.egres",
      message: /^is not a known field; did you mean egress\?$/,
      left: { ingress: [denyAll()], egress: [denyAll()] },
    },
    {
      name: "rules beside spec",
      object: clusterPolicy(rules, { ingress: [] }),
      field: "ingress",
      message: /^belongs under spec$/,
      left: { ingress: [denyAll()], egress: [denyAll()] },
    },
    {
      name: "rules that aren't a list",
      object: clusterPolicy({ ...rules, egress: rules.egress[0] }),
      field: "spec.egress",
      message: /^must be a list, not a mapping$/,
      left: { egress: [denyAll()] },
    },
    {
      name: "26 rules",
      object: clusterPolicy({ ...rules, egress: Array(26).fill(rules.egress[0]) }),
      field: "spec.egress",
      message: /^must have 0 to 25 entries, not 26: split the policy$/,
      left: { egress: [] },
    },
    {
      name: "a million rules",
      object: clusterPolicy({ ...rules, egress: Array(1e6).fill(rules.egress[0]) }),
      field: "spec.egress",
      message: /^has 1000000 entries, more than 10000/,
      left: { egress: [denyAll()] },
    },
    {
      name: "no spec",
      object: clusterPolicy({}, { spec: undefined }),
      field: "spec",
      message: /^is required: a mapping$/,
      left: { priority: -1, subject: EVERYBODY, ingress: [denyAll()], egress: [denyAll()] },
    },
  ];
  test.each(broken)("$name", ({ object, field, message, left }) => {
    const { value, issues } = take(object);
    expect(issues).toContainEqual({ field, message: expect.stringMatching(message) });
    const usual = { tier: "Admin", priority: 10, subject: WEB, ingress: [deny(0)], egress: [deny(1)] };
    expect(value).toEqual({ origin, name: "x", ...usual, ...left });
  });

  test("of an unknown tier is asked before a Pass could lead past it", () => {
    const { value } = take(clusterPolicy({ tier: "baseline", priority: 1000, ...rules }));
    expect(value).toMatchObject({ tier: "Admin", priority: -1, ingress: [deny(0)] });
  });

  test("so does one that is there twice", () => {
    const { value } = take(clusterPolicy(rules));
    expect(withoutGrants(value)).toEqual({ ...value, ingress: [deny(0)], egress: [deny(1)] });
  });

  test("keeps its Audit", () => {
    const metadata = { name: "X", annotations: { "sallyport.dev/enforcement": "Audit" } };
    expect(take(clusterPolicy(rules, { metadata }))).toMatchObject({ value: { enforcement: "Audit" }, issues: [{}] });
  });
});
