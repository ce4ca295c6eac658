import { expect, test } from "@jest/globals";
import { compile } from "../../controller/compile/compile.ts";
import { considered, denialsOf } from "../../controller/explain/considered.ts";
import { decodeQuestion } from "../../controller/explain/question.ts";
import { asAsked } from "../../controller/offline/as-asked.ts";
import { decodeWorld } from "../../controller/read/world.ts";

const pod = (name: string, ip: string) => `
apiVersion: v1
kind: Pod
metadata: {namespace: a, name: ${name}, labels: {app: ${name}}}
spec: {containers: [{name: c}]}
status: {podIPs: [{ip: ${ip}}]}`;

const clusterPolicy = (name: string, tier: string, priority: number, rule: string, audit = "") => `
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: ${name}${audit}}
spec: {tier: ${tier}, priority: ${priority}, subject: {namespaces: {}}, ingress: [${rule}]}`;

const on = (action: string, port = 80) =>
  `{action: ${action}, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: ${port}}}}]}`;
const AUDIT = ', annotations: {"sallyport.dev/enforcement": Audit}';

const flowPolicy = (name: string, priority: number, action: string) => `
apiVersion: sallyport.dev/v1alpha1
kind: FlowPolicy
metadata: {name: ${name}}
spec: {overlay: "o", priority: ${priority}, subject: {podSelector: {}}, from: [{podSelector: {}}], action: ${action}}`;

const networkPolicy = (name: string, rules: string) => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: a, name: ${name}}
spec: {podSelector: {matchLabels: {app: db}}, ingress: ${rules}}`;

/** `name rule: role says` of the policies about ingress of db from web at port 80. */
function heard(...objects: string[]): { policies: string[]; denials: ReturnType<typeof denialsOf> } {
  const text = [pod("web", "10.0.0.1"), pod("db", "10.0.0.2"), ...objects].join("\n---");
  const { world: read, rejections, unreadable } = decodeWorld([{ file: "w.yaml", text }]);
  expect([...rejections, ...unreadable]).toEqual([]);
  const world = asAsked(read, undefined);
  const { policy } = compile(world, world.overlays[0]?.name as string);
  const question = decodeQuestion({ from: "web", to: "db", port: "80" }, [policy], () => "");
  if ("problem" in question) throw new Error(question.problem);
  const all = considered(world, question, "ingress");
  const policies = all.map(({ kind, name, rule, role, says }) =>
    kind === "Overlay" ? `default: ${role} ${says}` : `${[name, rule].join(" ").trim()}: ${role} ${says}`,
  );
  return { policies, denials: denialsOf(all) };
}

const rows: { name: string; objects: string[]; want: string[]; missing: string[] }[] = [
  { name: "nobody", objects: [], want: ["default: decides allow"], missing: [] },
  {
    name: "the first of a tier, by priority and then name",
    objects: [
      clusterPolicy("late", "Admin", 5, on("Accept")),
      clusterPolicy("b", "Admin", 1, on("Accept")),
      clusterPolicy("a", "Admin", 1, on("Deny")),
    ],
    want: [
      "a ingress[0]: decides deny",
      "b ingress[0]: would allow",
      "late ingress[0]: would allow",
      "default: would allow",
    ],
    missing: ["a"],
  },
  {
    name: "one without a rule for the flow",
    objects: [clusterPolicy("a", "Admin", 1, on("Deny", 81)), clusterPolicy("b", "Baseline", 1, on("Deny"))],
    want: ["a: silent nothing", "b ingress[0]: decides deny", "default: would allow"],
    missing: ["b"],
  },
  {
    name: "one that passes the flow on, over the others of its tier",
    objects: [
      clusterPolicy("a", "Admin", 1, on("Pass")),
      clusterPolicy("b", "Admin", 2, on("Deny")),
      networkPolicy("n", "[]"),
      clusterPolicy("z", "Baseline", 1, on("Deny")),
    ],
    want: [
      "a ingress[0]: passed pass",
      "b ingress[0]: skipped deny",
      "a/n: decides deny",
      "z ingress[0]: would deny",
      "default: would allow",
    ],
    missing: ["isolated"],
  },
  {
    name: "one that is only watched",
    objects: [clusterPolicy("a", "Admin", 1, on("Deny"), AUDIT), networkPolicy("n", "[{}]")],
    want: ["a ingress[0]: audit deny", "a/n ingress[0]: decides allow", "default: would allow"],
    missing: [],
  },
  {
    name: "NetworkPolicies that agree, and one that has no rule",
    objects: [networkPolicy("a", "[]"), networkPolicy("b", "[{}]"), networkPolicy("c", "[{ports: [{port: 80}]}]")],
    want: [
      "a/a: silent nothing",
      "a/b ingress[0]: decides allow",
      "a/c ingress[0]: agrees allow",
      "default: would allow",
    ],
    missing: [],
  },
  {
    name: "NetworkPolicies that all isolate",
    objects: [networkPolicy("a", "[]"), networkPolicy("b", "[{ports: [{port: 81}]}]")],
    want: ["a/a: decides deny", "a/b: agrees deny", "default: would allow"],
    missing: ["isolated"],
  },
  {
    name: "denials one behind the other",
    objects: [
      clusterPolicy("a", "Admin", 1, on("Deny")),
      clusterPolicy("b", "Admin", 2, on("Deny")),
      networkPolicy("n", "[{ports: [{port: 81}]}]"),
    ],
    want: ["a ingress[0]: decides deny", "b ingress[0]: would deny", "a/n: would deny", "default: would allow"],
    missing: ["a", "b", "isolated"],
  },
  {
    name: "FlowPolicies of every overlay where nobody wrote one",
    objects: [flowPolicy("f", 1, "Deny")],
    want: ["f: decides deny", "default: would allow"],
    missing: ["f"],
  },
];

test.each(rows)("$name", ({ objects, want, missing }) => {
  const { policies, denials } = heard(...objects);
  expect(policies).toEqual(want);
  const { denials: rules, isIsolated, isDefault } = denials;
  const gone = [
    ...rules.map(({ name }) => name),
    ...(isIsolated ? ["isolated"] : []),
    ...(isDefault ? ["default"] : []),
  ];
  expect(gone).toEqual(missing);
});
