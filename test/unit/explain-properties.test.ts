import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { compile } from "../../controller/compile/compile.ts";
import { obstacles } from "../../controller/explain/changes.ts";
import { considered, denialsOf } from "../../controller/explain/considered.ts";
import { type Explanation, explain } from "../../controller/explain/explain.ts";
import { Nodes } from "../../controller/explain/node.ts";
import { decodeQuestion, type Question } from "../../controller/explain/question.ts";
import type { World } from "../../controller/model/resources.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { mayPass } from "../host/tier-evaluator.ts";

/** Small worlds in which everything happens to match now and then. */
const apps = ["a", "b"];
const spaces = ["x", "y"];
const selector = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...apps).map((app) => ({ matchLabels: { app } })),
  fc
    .record({
      key: fc.constant("app"),
      operator: fc.constantFrom("In", "NotIn"),
      values: fc.subarray(apps, { minLength: 1 }),
    })
    .map((one) => ({ matchExpressions: [one] })),
  fc
    .record({ key: fc.constantFrom("app", "odd"), operator: fc.constantFrom("Exists", "DoesNotExist") })
    .map((one) => ({ matchExpressions: [one] })),
);
const spaceSelector = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...spaces).map((name) => ({ matchLabels: { "kubernetes.io/metadata.name": name } })),
);
const block = fc.constantFrom(
  { cidr: "10.77.0.0/24" },
  { cidr: "10.77.0.1/32" },
  { cidr: "10.77.0.0/16", except: ["10.77.0.2/32"] },
  { cidr: "8.0.0.0/8" },
);
const peer = fc.oneof(
  selector.map((podSelector) => ({ podSelector })),
  fc.record({ podSelector: selector, namespaceSelector: spaceSelector }),
  block.map((ipBlock) => ({ ipBlock })),
);
const port = fc.constantFrom(
  { port: 80 },
  { port: "http" },
  { port: 79, endPort: 81 },
  { protocol: "UDP" },
  { port: 443 },
  {},
);
const ports = fc.array(port, { maxLength: 2 });
const peers = fc.array(peer, { maxLength: 2 });
const spec = fc.record({
  podSelector: selector,
  policyTypes: fc.subarray(["Ingress", "Egress"], { minLength: 1 }),
  ingress: fc.array(fc.record({ from: peers, ports }), { maxLength: 2 }),
  egress: fc.array(fc.record({ to: peers, ports }), { maxLength: 2 }),
});
const policies = fc.array(fc.tuple(fc.constantFrom(...spaces), spec), { maxLength: 4 });
const isolation = fc.constantFrom("DefaultDeny", "Kubernetes");
const subject = fc.oneof(
  spaceSelector.map((namespaces) => ({ namespaces })),
  fc.record({ namespaceSelector: spaceSelector, podSelector: selector }).map((pods) => ({ pods })),
);
const numbered = fc.constantFrom(
  { tcp: { destinationPort: { number: 80 } } },
  { tcp: { destinationPort: { range: { start: 79, end: 81 } } } },
  { udp: { destinationPort: { range: { start: 1, end: 65535 } } } },
);
const traffic = fc.oneof(numbered, fc.constant({ destinationNamedPort: "http" }));
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 2 });
const tierRules = (list: string, peer: fc.Arbitrary<object>, protocol: fc.Arbitrary<object>) =>
  fc.record(
    { action: fc.constantFrom("Accept", "Deny", "Pass"), [list]: some(peer), protocols: some(protocol) },
    { requiredKeys: ["action", list] },
  );
const networks = fc.constantFrom("10.77.0.0/31", "8.0.0.0/8").map((cidr) => ({ networks: [cidr] }));
const clusterPolicy = fc.record({
  tier: fc.constantFrom("Admin", "Baseline"),
  priority: fc.nat(2),
  subject,
  ingress: fc.array(tierRules("from", subject, traffic), { maxLength: 2 }),
  // Addresses have no named ports.
  egress: fc.array(fc.oneof(tierRules("to", subject, traffic), tierRules("to", networks, numbered)), { maxLength: 2 }),
});
const flowPolicy = fc
  .record({
    priority: fc.nat(2),
    subject: fc.record({ podSelector: selector }),
    action: fc.constantFrom("Allow", "Deny", "Pass"),
  })
  .chain((facts) =>
    fc
      .tuple(
        fc.constantFrom("from", "to"),
        fc.array(fc.record({ podSelector: selector, namespaceSelector: spaceSelector }), {
          minLength: 1,
          maxLength: 2,
        }),
      )
      .map(([list, peers]) => ({ overlay: "o", ...facts, [list]: peers })),
  );
const audit = fc.constantFrom(undefined, undefined, "Audit");
const tiers = fc.record({
  clusterPolicies: fc.array(fc.tuple(clusterPolicy, audit), { maxLength: 4 }),
  flowPolicies: fc.array(fc.tuple(flowPolicy, audit), { maxLength: 3 }),
});
const members = spaces.flatMap((namespace) => apps.map((app) => ({ namespace, app })));

interface Tiers {
  readonly clusterPolicies: readonly (readonly [object, string | undefined])[];
  readonly flowPolicies: readonly (readonly [object, string | undefined])[];
}

function worldOf(
  policies: readonly (readonly [string, object])[],
  isolation: string,
  { clusterPolicies, flowPolicies }: Tiers = { clusterPolicies: [], flowPolicies: [] },
): World {
  const own = (kind: string, name: string, spec: object) => ({
    apiVersion: "sallyport.dev/v1alpha1",
    kind,
    metadata: { name },
    spec,
  });
  const identity = (name: string) => `spiffe://test/${name}`;
  const objects = [
    own("Overlay", "o", { id: 1, cidr: ["10.77.0.0/16"], path: ["g", "h"], isolation }),
    ...["g", "h"].map((name, i) =>
      own("OverlayGateway", name, { overlays: ["o"], addresses: [`10.78.0.${i + 1}:15042`], identity: identity(name) }),
    ),
    ...members.map(({ namespace, app }, i) => {
      const ports = app === "a" ? [{ name: "http", port: 80 }] : [];
      const addresses = [`10.77.0.${i + 1}`];
      return own("OverlayEndpoint", `${namespace}-${app}`, {
        overlay: "o",
        namespace,
        labels: { app },
        addresses,
        ports,
        identity: identity(namespace + app),
      });
    }),
    ...policies.map(([namespace, spec], i) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { namespace, name: `p${i}` },
      spec,
    })),
    ...clusterPolicies.map(([spec, enforcement], i) => ({
      apiVersion: "policy.networking.k8s.io/v1alpha2",
      kind: "ClusterNetworkPolicy",
      metadata: { name: `c${i}`, ...(enforcement && { annotations: { "sallyport.dev/enforcement": enforcement } }) },
      spec,
    })),
    ...flowPolicies.map(([spec, enforcement], i) =>
      own("FlowPolicy", `f${i}`, { ...spec, ...(enforcement && { enforcement }) }),
    ),
  ];
  const { world, rejections } = decodeWorld([
    { file: "w.json", text: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }) },
  ]);
  expect(rejections).toEqual([]);
  return world;
}

function explanations(world: World): { question: Question; explanation: Explanation }[] {
  const { policy, rejections } = compile(world, "o");
  expect(rejections).toEqual([]);
  const nodes = new Nodes(policy);
  return members.flatMap((_, from) => {
    return [...members.keys(), -1].flatMap((to) => {
      const target = to < 0 ? "8.8.8.8" : `10.77.0.${to + 1}`;
      return ["80", "443", "80/udp"].map((port) => {
        const question = decodeQuestion({ from: `10.77.0.${from + 1}`, to: target, port }, [policy], () => "");
        if ("problem" in question) throw new Error(question.problem);
        return { question, explanation: explain(world, question, nodes) };
      });
    });
  });
}

test("names an obstacle in every rule exactly where the compiled image denies", () => {
  fc.assert(
    fc.property(policies, isolation, (policies, isolation) => {
      const world = worldOf(policies, isolation);
      for (const { question, explanation } of explanations(world)) {
        if (question.from.member === question.to.member) continue;
        for (const direction of ["egress", "ingress"] as const) {
          const found = obstacles(world, question, direction);
          const isOpen = found.some(({ rules }) =>
            rules.some(({ peer, port }) => peer === undefined && port === undefined),
          );
          const subject = direction === "egress" ? question.from : question.to;
          const byDefault = subject.member === undefined || isolation === "Kubernetes" ? "allowed" : "denied";
          const want = found.length === 0 ? byDefault : isOpen ? "allowed" : "denied";
          expect({ direction, verdict: explanation[direction].verdict }).toEqual({ direction, verdict: want });
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("lets a TCP flow between members through exactly when both sides allow it, over the whole path", () => {
  fc.assert(
    fc.property(policies, isolation, (policies, isolation) => {
      for (const { question, explanation } of explanations(worldOf(policies, isolation))) {
        const { from, to, port } = question;
        if (from.member === to.member || to.member === undefined || port.protocol !== "TCP") continue;
        const { egress, ingress, verdict, hops } = explanation;
        const both = egress.verdict === "allowed" && ingress.verdict === "allowed";
        expect(verdict).toBe(both ? "allowed" : "denied");
        if (both) expect(hops.map(({ node }) => node)).toEqual([from.name, "g", "h", to.name]);
        else expect(hops.length).toBe(egress.verdict === "denied" ? 1 : 2);
      }
    }),
    { numRuns: 50 },
  );
});

test("finds the policy that decides in every tier, and what stands in the way, by the slow evaluator", () => {
  fc.assert(
    fc.property(policies, isolation, tiers, (policies, isolation, tiers) => {
      const world = worldOf(policies, isolation, tiers);
      const { policy } = compile(world, "o");
      for (const [from] of members.entries()) {
        for (const to of [...members.keys(), -1]) {
          for (const port of ["80", "443", "80/udp"]) {
            const target = to < 0 ? "8.8.8.8" : `10.77.0.${to + 1}`;
            const question = decodeQuestion({ from: `10.77.0.${from + 1}`, to: target, port }, [policy], () => "");
            if ("problem" in question) throw new Error(question.problem);
            const sides = (["egress", "ingress"] as const).map((direction) => considered(world, question, direction));
            const open = sides.map(
              (side) => side.length === 0 || side.find(({ role }) => role === "decides")?.says === "allow",
            );
            const flow = {
              from: question.from.address,
              to: target,
              protocol: port === "80/udp" ? 17 : 6,
              port: question.port.number,
            };
            expect({ flow, open: open.every(Boolean) }).toEqual({ flow, open: mayPass(world, flow) });
            for (const [s, side] of sides.entries()) {
              const { denials, isIsolated, isDefault } = denialsOf(side);
              expect(denials.length > 0 || isIsolated || isDefault).toBe(!open[s]);
              expect(side.filter(({ role }) => role === "decides").length).toBe(side.length > 0 ? 1 : 0);
            }
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});
