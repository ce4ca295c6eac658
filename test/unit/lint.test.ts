import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const SHOP = "manifests/samples/shop";

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly line: number;
  readonly object: string;
  readonly field: string;
  readonly message: string;
}

/** Lints a world of texts, one object a line: lines are numbered from 1. */
function lint(objects: readonly object[], ...more: string[]): Promise<{ code: number; findings: Finding[] }> {
  return withFolder(async (folder) => {
    const file = join(folder, "world.yaml");
    await writeFile(file, objects.map((object) => `${JSON.stringify(object)}\n`).join("---\n"));
    const { code, out } = await sallyport("lint", "-f", file, "--output", "json", ...more);
    return { code, findings: JSON.parse(out).findings };
  });
}

const metadata = (namespace: string, name: string, labels: object = {}) => ({ namespace, name, labels });
const namespace = (name: string, labels: object = {}) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});
const pod = (
  namespace: string,
  name: string,
  ip: string,
  { ports = [], ...spec }: { ports?: object[]; hostNetwork?: boolean } = {},
) => ({
  ...{ apiVersion: "v1", kind: "Pod", metadata: metadata(namespace, name, { app: name }) },
  ...{ spec: { containers: [{ name: "c", ports }], ...spec }, status: { podIPs: [{ ip }] } },
});
const policy = (spec: object, name = "web") => ({
  ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: "shop", name } },
  spec: { podSelector: app("web"), ...spec },
});
const clusterPolicy = (spec: object) => ({
  ...{ apiVersion: "policy.networking.k8s.io/v1alpha2", kind: "ClusterNetworkPolicy", metadata: { name: "c" } },
  spec: { tier: "Admin", priority: 1, subject: { namespaces: {} }, ...spec },
});
const app = (value: string) => ({ matchLabels: { app: value } });
const from = (...peers: object[]) => ({ ingress: [{ from: peers, ports: [{ port: 80 }] }] });

const WORLD = [
  namespace("shop", { team: "store" }),
  namespace("data", { team: "storage" }),
  pod("shop", "web", "10.0.0.1", { ports: [{ name: "http", containerPort: 80 }] }),
  pod("shop", "api", "10.0.0.2"),
  pod("data", "db", "10.0.0.3", { ports: [{ name: "dns", containerPort: 53, protocol: "UDP" }] }),
  pod("data", "agent", "192.168.0.1", { hostNetwork: true }),
];
const OVERLAY = [
  {
    ...{ apiVersion: "sallyport.dev/v1alpha1", kind: "Overlay", metadata: { name: "o" } },
    spec: { id: 1, cidr: ["10.0.0.0/8"], path: ["g"] },
  },
  {
    ...{ apiVersion: "sallyport.dev/v1alpha1", kind: "OverlayGateway", metadata: { name: "g" } },
    spec: { overlays: ["o"], addresses: ["10.9.0.1:15042"], identity: "spiffe://test/g" },
  },
  namespace("shop", { team: "store", "sallyport.dev/overlay": "o" }),
  ...WORLD.slice(1),
];

/** `code severity field` and a part of the message of what is found about an object, in `WORLD` unless told. */
interface Row {
  readonly name: string;
  readonly object: object;
  readonly world?: object[];
  readonly finds: [code: string, severity: string, field: string, says: RegExp][];
}

const rows: Row[] = [
  {
    name: "a policy that selects nobody, with what was meant",
    object: policy({ podSelector: app("wep"), ...from({ podSelector: {} }) }),
    finds: [
      [
        "selects-nothing",
        "warning",
        "spec.podSelector",
        /no pod of namespace shop has label app=wep; did you mean web\?/,
      ],
    ],
  },
  {
    name: "a policy for host-network pods",
    object: { ...policy({ podSelector: app("agent") }), metadata: { namespace: "data", name: "web" } },
    finds: [
      ["selects-nothing", "warning", "spec.podSelector", /selects only data\/agent, which use their node's network/],
    ],
  },
  {
    name: "a policy of an empty namespace",
    object: { ...policy({}), metadata: { namespace: "void", name: "web" } },
    finds: [["selects-nothing", "warning", "spec.podSelector", /namespace void has no pods/]],
  },
  {
    name: "a peer of another namespace without namespaceSelector",
    object: policy(from({ podSelector: app("db") })),
    finds: [
      [
        "peer-selects-nothing",
        "warning",
        "spec.ingress[0].from[0]",
        /data\/db would match in another namespace: add a namespaceSelector/,
      ],
    ],
  },
  {
    name: "a peer in namespaces that aren't there",
    object: policy(from({ namespaceSelector: { matchLabels: { team: "storrage" } }, podSelector: {} })),
    finds: [
      [
        "peer-selects-nothing",
        "warning",
        "spec.ingress[0].from[0]",
        /no namespace has label team=storrage; did you mean storage\?/,
      ],
    ],
  },
  {
    name: "a rule that an earlier one of the policy covers",
    object: policy({
      ingress: [
        { from: [{ podSelector: {} }], ports: [{ port: 80, endPort: 90 }] },
        { from: [{ podSelector: app("api") }], ports: [{ port: 85 }] },
      ],
    }),
    finds: [["shadowed-rule", "warning", "spec.ingress[1]", /adds nothing: spec\.ingress\[0\] of this policy/]],
  },
  {
    name: "a rule that a later one covers",
    object: policy({ ingress: [...from({ podSelector: app("api") }).ingress, ...from({ podSelector: {} }).ingress] }),
    finds: [["shadowed-rule", "warning", "spec.ingress[0]", /spec\.ingress\[1\] of this policy/]],
  },
  {
    name: "of two equal rules the later",
    object: policy({ ingress: [...from({ podSelector: {} }).ingress, ...from({ podSelector: {} }).ingress] }),
    finds: [["shadowed-rule", "warning", "spec.ingress[1]", /spec\.ingress\[0\]/]],
  },
  {
    name: "no rule for other ports, or fewer addresses",
    object: policy({
      ingress: [
        { from: [{ ipBlock: { cidr: "8.0.0.0/8", except: ["8.8.0.0/16"] } }] },
        { from: [{ ipBlock: { cidr: "8.8.8.0/24" } }], ports: [{ port: 80 }] },
        { from: [{ podSelector: {} }], ports: [{ port: 80 }] },
        { from: [{ podSelector: {} }], ports: [{ port: 81 }] },
        { from: [{ podSelector: {} }], ports: [{ port: 80, protocol: "UDP" }] },
      ],
    }),
    finds: [],
  },
  {
    name: "a rule of a tier that is never reached",
    object: clusterPolicy({
      ingress: [
        { action: "Deny", from: [{ namespaces: {} }] },
        { action: "Accept", from: [{ pods: { namespaceSelector: {}, podSelector: app("api") } }] },
      ],
    }),
    finds: [["shadowed-rule", "warning", "spec.ingress[1]", /is never reached: spec\.ingress\[0\] of this policy/]],
  },
  {
    name: "an empty list of peers",
    object: policy({ ingress: [{ from: [], ports: [{ port: 80 }] }] }),
    finds: [["allows-all", "warning", "spec.ingress[0].from", /an empty list allows traffic from everybody/]],
  },
  {
    name: "an empty list of ports",
    object: policy({ egress: [{ to: [{ podSelector: {} }], ports: [] }] }),
    finds: [["allows-all", "warning", "spec.egress[0].ports", /every port of every protocol/]],
  },
  {
    name: "an empty rule",
    object: policy({ ingress: [{}] }),
    finds: [["allows-all", "info", "spec.ingress[0]", /an empty rule allows everything from everybody/]],
  },
  {
    name: "a dash too many",
    object: policy(from({ namespaceSelector: { matchLabels: { team: "store" } } }, { podSelector: app("api") })),
    finds: [["separate-selectors", "warning", "spec.ingress[0].from", /either is enough; write them as one entry/]],
  },
  {
    name: "rules that policyTypes leaves out",
    object: policy({ policyTypes: ["Egress"], ...from({ podSelector: {} }) }),
    finds: [["ignored-rules", "warning", "spec.ingress", /policyTypes doesn't have Ingress/]],
  },
  {
    name: "a port name that nobody has",
    object: policy({ ingress: [{ from: [{ podSelector: {} }], ports: [{ port: "htp" }] }] }),
    finds: [["unknown-port-name", "warning", "spec.ingress[0].ports[0]", /has a port named htp; did you mean http\?/]],
  },
  {
    name: "a port name of another protocol",
    object: policy({
      egress: [{ to: [{ namespaceSelector: {}, podSelector: app("db") }], ports: [{ port: "dns" }] }],
    }),
    finds: [["unknown-port-name", "warning", "spec.egress[0].ports[0]", /data\/db has for UDP: set protocol: UDP/]],
  },
  {
    name: "a block of members",
    object: policy(from({ ipBlock: { cidr: "10.0.0.0/24" } })),
    finds: [
      [
        "block-covers-members",
        "warning",
        "spec.ingress[0].from[0]",
        /covers 3 members: shop\/web, shop\/api, data\/db; addresses of pods change/,
      ],
    ],
  },
  {
    name: "no block that excepts members",
    object: policy(from({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/24"] } })),
    finds: [],
  },
  {
    name: "everybody by address",
    object: policy(from({ ipBlock: { cidr: "0.0.0.0/0" } })),
    finds: [["block-covers-members", "warning", "spec.ingress[0].from[0]", /if only outsiders are meant/]],
  },
  {
    name: "outsiders whom no gateway lets in",
    object: policy(from({ ipBlock: { cidr: "192.0.2.0/24" } })),
    world: OVERLAY,
    finds: [["blind-block", "warning", "spec.ingress[0].from[0]", /no gateway of overlay o lets them in/]],
  },
  {
    name: "domain names",
    object: clusterPolicy({ egress: [{ action: "Accept", to: [{ domainNames: ["example.com"] }] }] }),
    finds: [
      [
        "domain-names",
        "warning",
        "spec.egress[0].to[0].domainNames",
        /no flow that the overlay carries comes with a name/,
      ],
    ],
  },
  {
    name: "a server that asks for its client's address",
    object: {
      ...{
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { namespace: "shop", name: "a" },
      },
      spec: {
        rules: [{ from: [{ source: { principals: ["x"] } }] }, { from: [{ source: { ipBlocks: ["10.0.0.0/8"] } }] }],
      },
    },
    finds: [["client-address", "warning", "spec.rules[1]", /sees every client as 127\.0\.0\.7/]],
  },
];

/** What lint says of every policy for pods, and of WORLD itself. */
const BACKGROUND = new Set(["blocks-tunnel", "blocks-probes", "unprotected-members", "host-network-pod"]);

describe("finds", () => {
  test.each(rows)("$name", async ({ object, world = WORLD, finds }) => {
    const { code, findings } = await lint([...world, object]);
    const about = findings
      .filter(({ line }) => line === 2 * world.length + 1)
      .filter((one) => !BACKGROUND.has(one.code));
    expect(about.map(({ code, severity, field }) => [code, severity, field])).toEqual(
      finds.map((row) => row.slice(0, 3)),
    );
    for (const [i, [, , , says]] of finds.entries()) expect(about[i]?.message).toMatch(says);
    expect(code).toBe(3);
  });

  const ways: { name: string; egress: object; ingress: object; found: boolean }[] = [
    { name: "different gateways for a flow", egress: {}, ingress: {}, found: true },
    { name: "no gateways on one side", egress: {}, ingress: { via: undefined }, found: false },
    { name: "the same gateways", egress: {}, ingress: { via: ["g"] }, found: false },
    { name: "different ports", egress: { ports: [{ port: 80 }] }, ingress: { ports: [{ port: 81 }] }, found: false },
    {
      name: "a port by name and by number",
      egress: { ports: [{ protocol: "UDP", port: "dns" }] },
      ingress: { ports: [{ protocol: "UDP", port: 53 }] },
      found: true,
    },
    {
      name: "another source",
      egress: {},
      ingress: { from: [{ namespaceSelector: {}, podSelector: app("api") }] },
      found: false,
    },
    {
      name: "another destination by address",
      egress: { to: [{ ipBlock: { cidr: "10.0.0.4/32" } }] },
      ingress: {},
      found: false,
    },
    { name: "an audited side", egress: { enforcement: "Audit" }, ingress: {}, found: false },
  ];

  test.each(ways)("FlowPolicies of both sides with $name: $found", async ({ egress, ingress, found }) => {
    const about = (name: string) => ({ namespaceSelector: {}, podSelector: app(name) });
    const common = { overlay: "o", priority: 1, action: "Allow" };
    const kind = { apiVersion: "sallyport.dev/v1alpha1", kind: "FlowPolicy" };
    const out = {
      ...kind,
      metadata: { name: "out" },
      spec: { ...common, subject: about("web"), to: [about("db")], via: ["g"], ...egress },
    };
    const into = {
      ...kind,
      metadata: { name: "into" },
      spec: { ...common, subject: about("db"), from: [about("web")], via: ["h"], ...ingress },
    };
    const { findings } = await lint([...OVERLAY, out, into]);
    const conflicts = findings.filter(({ code }) => code === "path-conflict");
    expect(conflicts).toEqual(found ? [expect.objectContaining({ object: "FlowPolicy out", field: "spec.via" })] : []);
    for (const { message } of conflicts)
      expect(message).toMatch(/from shop\/web to data\/db by \[g\], but FlowPolicy into by \[h\]/);
  });

  test("a pod on its node's network that a policy selects", async () => {
    const object = { ...policy({ podSelector: app("agent") }), metadata: { namespace: "data", name: "p" } };
    expect((await lint([...WORLD, object])).findings).toContainEqual(
      expect.objectContaining({ code: "host-network-pod", severity: "warning", line: 11, object: "Pod data/agent" }),
    );
    expect((await lint(WORLD)).findings).toContainEqual(
      expect.objectContaining({ code: "host-network-pod", severity: "info", line: 11 }),
    );
  });

  const ports: { name: string; spec: object; codes: string[] }[] = [
    {
      name: "the tunnel and probes closed",
      spec: from({ podSelector: {} }),
      codes: ["blocks-probes", "blocks-tunnel"],
    },
    {
      name: "the tunnel open",
      spec: { ingress: [...from({ podSelector: {} }).ingress, { ports: [{ port: 15042 }] }] },
      codes: ["blocks-probes"],
    },
    { name: "all ports open", spec: { ingress: [{ from: [{ podSelector: {} }] }] }, codes: [] },
    { name: "a range open", spec: { ingress: [{ ports: [{ port: 15000, endPort: 16000 }] }] }, codes: [] },
    {
      name: "the way out closed",
      spec: { policyTypes: ["Egress"], egress: [{ ports: [{ port: 80 }] }] },
      codes: ["blocks-tunnel"],
    },
  ];
  test.each(ports)("what the network plugin would block: $name", async ({ spec, codes }) => {
    const blocking = ({ code }: Finding) => code.startsWith("blocks-");
    const inOverlay = (await lint([...OVERLAY, policy(spec)])).findings.filter(blocking);
    expect(inOverlay.map(({ code, severity }) => `${severity} ${code}`)).toEqual(
      codes.map((code) => `warning ${code}`),
    );
    const outside = (await lint([...WORLD, policy(spec)])).findings.filter(blocking);
    expect(outside.map(({ code, severity }) => `${severity} ${code}`)).toEqual(codes.map((code) => `info ${code}`));
  });

  test("a policy whose tunnel another policy opens to be right", async () => {
    const open = policy({ podSelector: {}, ingress: [{ ports: [{ port: 15042 }] }] }, "tunnel");
    const { findings } = await lint([...OVERLAY, policy(from({ podSelector: {} })), open]);
    expect(findings.filter(({ code }) => code === "blocks-tunnel")).toEqual([]);
  });

  test("members that no policy isolates, in Kubernetes isolation only", async () => {
    const unprotected = async (...more: string[]) =>
      (await lint([...WORLD, policy({})], ...more)).findings
        .filter(({ code, severity }) => code === "unprotected-members" && severity === "warning")
        .map(({ line, message }) => `${line} ${message}`);
    expect(await unprotected()).toEqual([
      expect.stringMatching(/^7 no policy isolates ingress of api in namespace shop/),
      expect.stringMatching(/^9 no policy isolates ingress of db in namespace data/),
    ]);
    expect(await unprotected("--isolation", "default-deny")).toEqual([]);
  });
});

describe("ends", () => {
  test("with 0 when all is well, and says what is good to know", async () => {
    expect(await sallyport("lint", "-f", SHOP)).toEqual({
      code: 0,
      error: "",
      out: `${SHOP}/overlay.yaml:7: info egress-unchecked: Overlay shop: spec.interception: policies isolate egress of its members, but flows to outsiders leave directly and aren't checked: set interception: All if they shall be
${SHOP}/policy-guest.yaml:11: info allows-all: NetworkPolicy guest/send-anywhere: spec.egress[0]: an empty rule allows everything to everybody, outsiders too
0 errors, 0 warnings, 2 for information`,
    });
  });

  test("with 2 when something can't be taken as written", async () => {
    const { code, findings } = await lint([...WORLD, policy({ ingres: [] })]);
    expect(code).toBe(2);
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: "rejected",
        severity: "error",
        field: "spec.ingres",
        object: "NetworkPolicy shop/web",
      }),
    );
  });

  test("with 2 when a file can't be read", async () => {
    expect(await sallyport("lint", "-f", "nowhere")).toMatchObject({
      code: 2,
      out: "",
      error: expect.stringMatching(/nowhere: does not exist/),
    });
  });

  test("with the line of the field, of objects in a List too", () =>
    withFolder(async (folder) => {
      const file = join(folder, "list.json");
      const items = [...WORLD, policy(from({ podSelector: app("none") }))];
      await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }, null, 1));
      const { out } = await sallyport("lint", "-f", file);
      const lines = JSON.stringify({ apiVersion: "v1", kind: "List", items }, null, 1).split("\n");
      const line = 1 + lines.findIndex((text) => text.includes('"podSelector": {') && text.startsWith("      "));
      expect(line).toBeGreaterThan(1);
      expect(out).toMatch(new RegExp(`list\\.json:${line - 1}: warning peer-selects-nothing`));
    }));
});
