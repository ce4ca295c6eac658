import { describe, expect, test } from "@jest/globals";
import { takeFlowPolicy, withoutGrant } from "../../controller/read/flow-policy.ts";
import { formatPath } from "../../controller/read/issue.ts";
import { brokenFlowPolicies } from "./broken-flow-policies.ts";
import { ANY, EVERYBODY, flowPolicy, origin, WEB, webSelector } from "./cluster-policies.ts";

const take = (object: unknown) => {
  const { value, issues } = takeFlowPolicy(object, origin);
  return { value, issues: issues.map(({ path, message }) => ({ field: formatPath(path), message })) };
};
const everybody = [{ podSelector: {} }];

describe("a policy", () => {
  test("is read whole", () => {
    const spec = {
      subject: { namespaceSelector: webSelector },
      to: everybody,
      action: "Allow",
      via: ["b", "a"],
      enforcement: "Audit",
    };
    expect(take(flowPolicy(spec, { status: {} }))).toEqual({
      issues: [],
      value: {
        origin,
        name: "x",
        enforcement: "Audit",
        overlay: "o",
        priority: 10,
        subject: { namespaceSelector: WEB.podSelector, podSelector: ANY },
        directions: ["egress"],
        action: "Allow",
        peers: [{ kind: "pods", ...EVERYBODY }],
        via: ["b", "a"],
      },
    });
  });

  test.each(["Allow", "Deny", "Pass"])("says %s of ingress where it has from", (action) => {
    const { value, issues } = take(flowPolicy({ from: everybody, action }));
    expect([issues, value]).toMatchObject([[], { directions: ["ingress"], action, subject: WEB }]);
    expect(value).not.toHaveProperty("enforcement");
  });

  const peers: { peer: object; want: object }[] = [
    { peer: { podSelector: webSelector }, want: { kind: "pods", ...WEB } },
    { peer: { namespaceSelector: {} }, want: { kind: "pods", ...EVERYBODY } },
    {
      peer: { ipBlock: { cidr: "10.1.0.0/8", except: ["10.2.3.4/16"] } },
      want: { kind: "block", cidr: "10.0.0.0/8", except: ["10.2.0.0/16"] },
    },
    { peer: { identity: "spiffe://a/ns/b" }, want: { kind: "identity", identity: "spiffe://a/ns/b" } },
    { peer: { identity: "spiffe://a/*" }, want: { kind: "identity", identity: "spiffe://a/*" } },
  ];
  test.each(peers)("names the peer $peer", ({ peer, want }) => {
    expect(take(flowPolicy({ to: [peer], action: "Deny" }))).toMatchObject({ issues: [], value: { peers: [want] } });
  });

  const all = (protocol: number) => ({ protocol, first: 0, last: 65535 });
  const traffic: { spec: object; want: object[] }[] = [
    { spec: { protocols: ["GRE"] }, want: [all(47)] },
    { spec: { protocols: [0, { protocol: 255 }] }, want: [all(0), all(255)] },
    { spec: { protocols: [{ protocol: "ICMP" }] }, want: [all(1)] },
    { spec: { protocols: [{ protocol: "ICMP", type: 8 }] }, want: [{ protocol: 1, first: 0x800, last: 0x8ff }] },
    {
      spec: { protocols: [{ protocol: 58, type: 128, code: 0 }] },
      want: [{ protocol: 58, first: 0x8000, last: 0x8000 }],
    },
    {
      spec: { ports: [{}, { port: 53, protocol: "UDP" }, { port: 1, endPort: 9 }, { port: "web", protocol: "SCTP" }] },
      want: [
        all(6),
        { protocol: 17, first: 53, last: 53 },
        { protocol: 6, first: 1, last: 9 },
        { name: "web", protocol: 132 },
      ],
    },
    { spec: { protocols: ["ESP"], ports: [{ port: 80 }] }, want: [all(50), { protocol: 6, first: 80, last: 80 }] },
  ];
  test.each(traffic)("covers $spec", ({ spec, want }) => {
    const { value, issues } = take(flowPolicy({ from: everybody, action: "Deny", ...spec }));
    expect([issues, value?.traffic]).toEqual([[], want]);
  });
});

describe("a broken policy denies everything to its subject", () => {
  test.each(brokenFlowPolicies)("$name", ({ object, field, message, left }) => {
    const { value, issues } = take(object);
    expect(issues).toContainEqual({ field: field.replace(/\.$/, ""), message: expect.stringMatching(message) });
    const usual = { overlay: "o", priority: 10, subject: WEB, directions: ["ingress", "egress"], action: "Deny" };
    expect(value).toEqual({ origin, name: "x", ...usual, ...left });
  });

  test.each([
    { name: "a peer", spec: { from: [{}] } },
    { name: "its subject", spec: { from: everybody, subject: {} } },
    { name: "its overlay", spec: { from: everybody, overlay: 7 } },
  ])("but an Allow without gateways of which $name is broken is just lost", ({ spec }) => {
    const { value, issues } = take(flowPolicy({ action: "Allow", ...spec }));
    expect([value, issues]).toEqual([undefined, [expect.anything()]]);
  });

  test("but for one in audit, which stays one", () => {
    const { value } = take(flowPolicy({ action: "Deny", from: [{}], enforcement: "Audit" }));
    expect(value).toMatchObject({ enforcement: "Audit", action: "Deny" });
  });
});

test.each([
  { spec: { action: "Allow" }, want: undefined },
  { spec: { action: "Allow", via: ["a"] }, want: "Deny" },
  { spec: { action: "Deny" }, want: "Deny" },
  { spec: { action: "Pass" }, want: "Deny" },
])("one of $spec that is there twice leaves $want", ({ spec, want }) => {
  const { value } = take(flowPolicy({ from: everybody, ...spec }));
  const left = value && withoutGrant(value);
  expect(left?.action).toBe(want);
  expect(left?.via).toBeUndefined();
});
