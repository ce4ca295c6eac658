import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Json } from "../../controller/check/json.ts";
import { loadedRules } from "../../controller/check/loaded-rules.ts";
import { samplesOf } from "../../controller/kube/prometheus.ts";
import { readWorld } from "../../controller/read/files.ts";
import { changeOf } from "../../controller/rollout/before-after.ts";
import { BEFORE_OPT_IN, blockersOf, openedByAudit } from "../../controller/rollout/blockers.ts";
import { changeText } from "../../controller/rollout/change-text.ts";
import { deniedShare, hasImage, NO_FLOWS, since, sum, tallyOf } from "../../controller/rollout/counters.ts";
import { complaintsOf } from "../../controller/rollout/istioctl.ts";
import { memoryOf, memoryText } from "../../controller/rollout/memory.ts";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const STATS = `# TYPE sallyport_stamp_allow counter
sallyport_stamp_allow{} 40
sallyport_stamp_policy_egress{} 2
sallyport_stamp_audit_deny{} 1
sallyport_verify_allow{} 10
sallyport_verify_policy_ingress{a="b"} 3
sallyport_verify_stamp_tag{} 99
sallyport_verify_audit_allow{} 7
sallyport_guard_allow{} 50
sallyport_guard_not_tunnelled{} 4
sallyport_guard_audit_deny{} 5
sallyport_image_generation{} 7516192768001
envoy_listener_manager_lds_update_rejected{} 1
envoy_cluster_manager_cds_update_rejected{} 2
envoy_cluster_manager_cds_update_success{} 9
broken line
`;

test.each(["../kube-system", "", "Shop", "a/b", `${"n".repeat(64)}`])(
  "no rollout is begun of %j",
  async (namespace) => {
    const { code, error } = await sallyport("rollout", namespace, "--yes", "--kubeconfig", "/nowhere");
    expect([code, error]).toEqual([2, expect.stringContaining(`"${namespace}" is no namespace: it must be`)]);
  },
);

describe("a rollout counts", () => {
  const tally = tallyOf(samplesOf(STATS));

  test("flows by direction, denials of authenticated peers alone, and refused configurations", () => {
    expect(tally).toEqual({
      ...{ sent: 40, sentDenied: 2, sentAudited: 1, received: 10, receivedDenied: 3, receivedAudited: 0 },
      ...{ notTunnelled: 4, notTunnelledAudited: 5, rejected: 3 },
    });
  });

  test("a sidecar with an image, and none before", () => {
    expect(hasImage(samplesOf(STATS))).toBe(true);
    expect(hasImage(samplesOf("sallyport_image_generation{} 0\n"))).toBe(false);
    expect(hasImage([])).toBe(false);
  });

  const rows = [
    { name: "nothing", tally: NO_FLOWS, want: 0 },
    { name: "no denial", tally: { ...NO_FLOWS, sent: 9, received: 9 }, want: 0 },
    { name: "denials only", tally: { ...NO_FLOWS, sentDenied: 3 }, want: 1 },
    { name: "the greater of both directions", tally, want: 3 / 13 },
    {
      name: "audited flows among those that pass",
      tally: { ...NO_FLOWS, received: 10, receivedAudited: 5 },
      want: 0.5,
    },
    { name: "no more than all", tally: { ...NO_FLOWS, received: 1, receivedAudited: 5 }, want: 1 },
    { name: "nothing that came past the tunnel", tally: { ...NO_FLOWS, sent: 1, notTunnelled: 99 }, want: 0 },
  ];
  test.each(rows)("as share of denials $name", ({ tally, want }) => {
    expect(deniedShare(tally)).toBe(want);
  });

  test("what was added since, and all of a proxy that started again", () => {
    const before = { ...NO_FLOWS, sent: 30, sentDenied: 2 };
    expect(since(before, tally)).toMatchObject({ sent: 10, sentDenied: 0, received: 10 });
    expect(since({ ...before, sent: 41 }, tally)).toEqual(tally);
    expect(since(undefined, tally)).toEqual(tally);
    expect(sum([before, before])).toMatchObject({ sent: 60, sentDenied: 4 });
  });
});

describe("what istioctl says", () => {
  const ended = (code: number, stdout = "", stderr = "") => ({ code, stdout, stderr });
  const GENERIC =
    "Info [IST0133] (EnvoyFilter shop/x f.yaml:1) Schema validation warning: EnvoyFilter exposes internal implementation details that may change at any time. Prefer other APIs.";

  test.each([
    { name: "nothing", validated: ended(0), analyzed: ended(0), want: [] },
    { name: "the generic word on EnvoyFilters", validated: ended(0), analyzed: ended(0, GENERIC), want: [] },
    {
      name: "a warning with exit code 0",
      validated: ended(0, "", "* EnvoyFilter/ns/x: unknown field"),
      analyzed: ended(0),
      want: ["EnvoyFilter/ns/x: unknown field"],
    },
    {
      name: "an error of analyze",
      validated: ended(0),
      analyzed: ended(79, `${GENERIC}\nError [IST0106] (WasmPlugin shop/x) broken`),
      want: ["Error [IST0106] (WasmPlugin shop/x) broken"],
    },
    {
      name: "a failure without a known line",
      validated: ended(1, "", "panic"),
      analyzed: ended(65),
      want: ["istioctl validate ended with 1: panic", "istioctl analyze ended with 65: it said nothing"],
    },
  ])("$name", ({ validated, analyzed, want }) => {
    expect(complaintsOf(validated, analyzed)).toEqual(want);
  });
});

describe("a rollout remembers", () => {
  test("what it goes back to", () => {
    const memory = { since: "2026-11-21T12:00:00.000Z", kind: "join", enforcement: "Audit", label: "old" } as const;
    expect(memoryOf(memoryText(memory))).toEqual(memory);
  });

  test.each([undefined, "", "{", "null", '{"since":"yesterday"}', '{"kind":"join"}'])("nothing of %j", (text) => {
    expect(memoryOf(text)).toBeUndefined();
  });
});

describe("rules that a pod has loaded", () => {
  const pod = (message?: string, phase = "Running"): Json => ({
    status: {
      phase,
      initContainerStatuses: [
        { name: "istio-init", state: { terminated: { message: "# sallyport rules: audit" } } },
        { name: "sallyport-init", state: message === undefined ? {} : { terminated: { message } } },
      ],
    },
  });
  test.each([
    { name: "those that enforce", pod: pod("# sallyport rules: enforce\n"), want: "enforce" },
    { name: "those that audit", pod: pod("# sallyport rules: audit\n"), want: "audit" },
    { name: "none in a namespace outside", pod: pod("no rules: this namespace isn't opted in"), want: "none" },
    { name: "none without init container", pod: { status: { phase: "Running" } }, want: "none" },
    { name: "nobody knows while it starts", pod: pod(undefined, "Pending"), want: "unknown" },
  ])("$name", ({ pod, want }) => {
    expect(loadedRules(pod)).toBe(want);
  });
});

test("errors of check stop a rollout, but for those that it brings about or that are another's", () => {
  const result = (check: string, severity: "error" | "warning") => ({
    ...{ check, severity, object: "Pod a/b", message: "is wrong", advice: "correct it" },
  });
  const results = [
    result("injection", "error"),
    result("mtls", "warning"),
    result("restart", "error"),
    result("controller", "error"),
  ];
  const checks = (needsController: boolean) =>
    blockersOf(results, BEFORE_OPT_IN, needsController).map((one) => one.check);
  expect(checks(true)).toEqual(["injection", "controller"]);
  expect(checks(false)).toEqual(["injection"]);
  expect(blockersOf(results, new Set(), true)[0]?.text).toBe("Pod a/b: is wrong; correct it");
});

const member = (namespace: string, name: string, ip: string) => ({
  ...{ apiVersion: "v1", kind: "Pod", metadata: { namespace, name, labels: { app: name } } },
  ...{ spec: { containers: [{ name: "c" }] }, status: { podIPs: [{ ip }] } },
});
const namespace = (name: string, labels: object) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});
const WORLD = [
  {
    ...{ apiVersion: "sallyport.dev/v1alpha1", kind: "Overlay", metadata: { name: "o" } },
    spec: { id: 1, cidr: ["10.0.0.0/8"], path: ["g"], enforcement: "Audit" },
  },
  {
    ...{ apiVersion: "sallyport.dev/v1alpha1", kind: "OverlayGateway", metadata: { name: "g" } },
    spec: { overlays: ["o"], addresses: ["10.9.0.1:15042"], identity: "spiffe://test/g" },
  },
  namespace("shop", { "sallyport.dev/overlay": "o" }),
  namespace("data", { "sallyport.dev/overlay": "o" }),
  namespace("guest", {}),
  namespace("istio-system", {}),
  member("shop", "web", "10.0.0.1"),
  member("data", "db", "10.0.0.2"),
  member("data", "backup", "10.0.0.3"),
  member("guest", "visitor", "10.0.0.4"),
  member("istio-system", "istiod", "10.0.0.5"),
  {
    ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: "data", name: "db" } },
    spec: {
      podSelector: { matchLabels: { app: "db" } },
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 5432 }] }],
    },
  },
  {
    ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: "shop", name: "web" } },
    spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{}] },
  },
];

test("an opt-in closes what policy doesn't allow, also if it audits, and changes nothing between others", async () => {
  await withFolder(async (folder) => {
    await writeFile(join(folder, "world.yaml"), WORLD.map((one) => `${JSON.stringify(one)}\n`).join("---\n"));
    const { world } = await readWorld(join(folder, "world.yaml"));
    const change = changeOf(world, "o", "shop", ["istio-system"]);
    const plain = { style: (_: unknown, text: string) => text };
    expect(changeText(change, "o", plain)).toEqual([
      "1 pods join overlay o. Everybody who isn't in it, such as pods of guest, reaches them no more.",
      "  Closes",
      "    data/backup -> shop/web: everything",
      "    data/db -> shop/web: everything",
      "    shop/web -> data/backup: everything",
      "    shop/web -> data/db: everything but TCP 5432",
    ]);
  });
});

describe("an Overlay that would audit opens", () => {
  const isIn = { enforces: true, isIn: true, isUnderWay: false };
  test.each([
    { name: "nobody, if it audits", neighbours: ["b"], now: { ...isIn, enforces: false }, want: [] },
    { name: "nobody new", neighbours: [], now: { ...isIn, isIn: false }, want: [] },
    { name: "other namespaces", neighbours: ["b"], now: { ...isIn, isIn: false }, want: ["b"] },
    { name: "the namespace itself, if it is enforced", neighbours: ["b"], now: isIn, want: ["b", "a"] },
    { name: "not what its own rollout has brought in", neighbours: [], now: { ...isIn, isUnderWay: true }, want: [] },
  ])("$name", ({ neighbours, now, want }) => {
    expect(openedByAudit("a", neighbours, now)).toEqual(want);
  });
});

describe("sallyport rollout", () => {
  test.each([
    { name: "an opposite", args: ["--leave", "--audit"], says: /say one/ },
    { name: "a share above all", args: ["--max-denied", "101%"], says: /must be a share/ },
    { name: "a time that is none", args: ["--observe", "1m"], says: /must be seconds/ },
    { name: "a cluster that isn't there", args: ["--kubeconfig", "/nowhere/kubeconfig"], says: /can't be asked/ },
  ])("refuses $name", async ({ args, says }) => {
    const { code, error } = await sallyport("rollout", "shop", ...args);
    expect(code).toBe(2);
    expect(error).toMatch(says);
  });
});
