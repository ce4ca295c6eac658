import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { withFolder } from "../folder.ts";
import { filterBytes } from "../host/fake-proxy.ts";
import { sallyport } from "../sallyport.ts";

const SAMPLE = "manifests/samples/mesh";
const DIGEST = createHash("sha256").update(filterBytes("endpoint")).digest("hex");

const overlay = (more = "") => `apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: both}
spec: {id: 9, cidr: [10.0.0.0/8, "fd00::/8"], path: [near]${more}}
`;
const GATEWAY = `apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: near}
spec: {overlays: [both], addresses: ["[fd00::5]:15042", "10.0.0.5:15042"], identity: "spiffe://cluster.local/ns/s/sa/near"}
`;
const pods = (name: string) => `apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: ${name}}
spec: {overlays: [both], service: {namespace: sp, name: tunnel-${name}}, identity: "spiffe://cluster.local/ns/sp/sa/${name}"}
`;
const namespace = (name: string, label = "both") =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {sallyport.dev/overlay: ${label}}}\n`;

/** What `render` says to these documents; `args` besides. */
async function rendered(documents: readonly string[], ...args: string[]) {
  return withFolder(async (folder) => {
    await writeFile(join(folder, "world.yaml"), documents.join("---\n"));
    return sallyport("render", "-f", folder, ...args);
  });
}

/** `REGENERATE=1` writes the picture anew. */
async function expectGolden(name: string, text: string): Promise<void> {
  const file = join("test/golden/istio", name);
  const stable = `${text.replaceAll(DIGEST, "0".repeat(64))}\n`;
  if (process.env.REGENERATE !== undefined) {
    await mkdir("test/golden/istio", { recursive: true });
    await writeFile(file, stable);
  }
  expect(stable).toBe(await readFile(file, "utf8"));
}

function objectsOf(text: string): { kind: string; metadata: { namespace: string; name: string }; spec: object }[] {
  return parseAllDocuments(text).map((document) => document.toJS());
}

describe("render", () => {
  test("prints everything that an opted-in namespace needs", async () => {
    const { code, out, error } = await sallyport("render", "-f", SAMPLE, "--namespace", "shop");
    expect({ code, error }).toEqual({ code: 0, error: "" });
    await expectGolden("namespace.yaml", out);
  });

  test.each([
    { name: "of a path of several", path: "near, far", gateways: [pods("near"), pods("far")], golden: "gateway.yaml" },
    { name: "alone, in both families", path: "near", gateways: [pods("near")], golden: "gateway-alone.yaml" },
  ])("prints what the pods of a gateway run with $name", async ({ path, gateways, golden }) => {
    const { out, error } = await rendered([overlay().replace("near", path), ...gateways], "--namespace", "sp");
    expect(error).toBe("");
    await expectGolden(golden, out.split("---\n").at(-1)?.trimEnd() ?? "");
  });

  test.each([
    { name: "into both families, where only members are captured", more: "", golden: "pin-dual-stack.yaml" },
    {
      name: "of a namespace whose pods may stay outside",
      more: ", podOptOut: Allow",
      golden: "pin-opt-out.yaml",
    },
    {
      name: "of a namespace that reaches outsiders through gateways only",
      more: ", interception: All",
      golden: "pin-all.yaml",
    },
  ])("prints the companion policy $name", async ({ more, golden }) => {
    const { out } = await rendered([overlay(more), GATEWAY, namespace("a")]);
    const policy = out.split("---\n").find((text) => text.includes("kind: NetworkPolicy")) as string;
    await expectGolden(golden, policy.trimEnd());
  });

  test("lets in what came past the tunnel, and counts it, where the overlay audits", async () => {
    const { out } = await rendered([overlay(", enforcement: Audit"), GATEWAY, namespace("a")]);
    expect(out).toContain("# sallyport rules: audit");
    expect(out).not.toContain("kind: NetworkPolicy");
    const [guard] = objectsOf(out).filter(({ kind }) => kind === "WasmPlugin");
    expect(guard?.spec).toMatchObject({ pluginConfig: { role: "guard", audit: "true" } });
  });

  test("names the code that the controller serves by its digest", async () => {
    const { out } = await sallyport("render", "-f", SAMPLE);
    expect(out.split(DIGEST)).toHaveLength(1 + 2 * 3);
  });

  test("prints all opted-in namespaces by name, and those alone", async () => {
    const { out } = await rendered([
      overlay(),
      namespace("b"),
      GATEWAY,
      namespace("a"),
      "kind: Namespace\napiVersion: v1\nmetadata: {name: c}\n",
    ]);
    const found = objectsOf(out).map(({ kind, metadata }) => `${metadata.namespace}/${kind}`);
    const kinds = ["ConfigMap", "EnvoyFilter", "NetworkPolicy", "WasmPlugin"];
    expect(found).toEqual(["a", "b"].flatMap((name) => kinds.map((kind) => `${name}/${kind}`)));
  });

  test("prints what gateways run with before what leads to them", async () => {
    const names = ["far", "near"];
    const { out } = await rendered([namespace("a"), overlay().replace("[near]", "[near, far]"), ...names.map(pods)]);
    const found = objectsOf(out).map(({ kind, metadata }) => `${metadata.namespace}/${kind}/${metadata.name}`);
    expect(found.slice(0, 3)).toEqual([
      ...names.map((name) => `sp/ConfigMap/sallyport-gateway-${name}`),
      "a/ConfigMap/sallyport-rules",
    ]);
  });

  test("prints one namespace as it does among others", async () => {
    const world = [overlay(), GATEWAY, namespace("a"), namespace("b")];
    const [all, a, b] = await Promise.all([
      rendered(world),
      rendered(world, "--namespace", "a"),
      rendered([...world].reverse(), "--namespace", "b"),
    ]);
    expect(`${a.out}\n---\n${b.out}`).toBe(all.out);
  });

  test("puts the names of a cluster where they belong", async () => {
    const world = [overlay(), GATEWAY, namespace("a")];
    const options = ["--cluster", "East_1", "--trust-domain", "example.org", "--control-namespace", "sp"];
    const { out } = await rendered(world, ...options, "--istio-namespace", "mesh", "--dns-namespace", "dns");
    expect(out).toContain("pod-of=East_1\n");
    expect(out).toContain("exact: spiffe://example.org/ns/sp/sa/sallyport\n");
    expect(out).toContain("address: sallyport.sp.svc\n");
    for (const name of ["sp", "mesh", "dns"]) expect(out).toContain(`kubernetes.io/metadata.name: ${name}\n`);
  });

  test("holds no secret", async () => {
    const { out } = await rendered([overlay(), GATEWAY, namespace("a")]);
    expect(out).not.toMatch(/inline_bytes|private_key|kind: Secret/);
  });

  test("prints a companion that is no policy of the overlay", async () => {
    const members = ["web", "db"].map(
      (name, i) => `apiVersion: sallyport.dev/v1alpha1
kind: OverlayEndpoint
metadata: {name: ${name}}
spec: {overlay: both, namespace: a, addresses: [10.0.0.1${i}], identity: "spiffe://cluster.local/ns/a/sa/${name}"}
`,
    );
    const world = [overlay(", isolation: Kubernetes"), GATEWAY, namespace("a"), ...members];
    const { out } = await rendered(world);
    const matrix = (documents: readonly string[]) =>
      withFolder(async (folder) => {
        await writeFile(join(folder, "world.yaml"), documents.join("---\n"));
        return sallyport("matrix", "-f", folder);
      });
    const companion = out.split("---\n").filter((text) => text.includes("kind: NetworkPolicy"));
    expect(companion).toHaveLength(1);
    const before = await matrix(world);
    expect(await matrix([...world, ...companion])).toEqual(before);
    const other = companion.map((text) => text.replace("sallyport.dev/companion-of: both", "team: x"));
    expect(await matrix([...world, ...other])).not.toEqual(before);
  });
});

describe("render ends with 2 and prints nothing", () => {
  const broken = GATEWAY.replace("10.0.0.5:15042", "10.0.0.5");
  const cases: readonly { name: string; world: readonly string[]; args?: readonly string[]; says: RegExp }[] = [
    { name: "without an opted-in namespace", world: [overlay(), GATEWAY], says: /no Namespace has the label/ },
    {
      name: "for a namespace that isn't there",
      world: [overlay(), GATEWAY, namespace("shop")],
      args: ["--namespace", "shpo"],
      says: /no Namespace shpo; did you mean shop/,
    },
    {
      name: "for a namespace that isn't opted in",
      world: [overlay(), GATEWAY, "apiVersion: v1\nkind: Namespace\nmetadata: {name: c}\n"],
      args: ["--namespace", "c"],
      says: /Namespace c isn't opted in: label it sallyport.dev\/overlay/,
    },
    {
      name: "for an overlay that isn't there",
      world: [overlay(), GATEWAY, namespace("a", "other")],
      says: /labelled for overlay other, which isn't there/,
    },
    { name: "with a gateway that can't be read", world: [overlay(), broken, namespace("a")], says: /rejected: / },
    {
      name: "with a name that would break a SPIFFE id",
      world: [overlay(), GATEWAY, namespace("a")],
      args: ["--trust-domain", "a/b"],
      says: /--trust-domain "a\/b" is not a name/,
    },
    {
      name: "with a cluster that would end a line of configuration",
      world: [overlay(), GATEWAY, namespace("a")],
      args: ["--cluster", "a\nrole=gate"],
      says: /is not a name/,
    },
    { name: "without files that exist", world: [], args: ["-f", "nowhere"], says: /nowhere: does not exist/ },
  ];
  test.each(cases)("$name", async ({ world, args = [], says }) => {
    const { code, out, error } = await rendered(world, ...args);
    expect({ code, out, error }).toEqual({ code: 2, out: "", error: expect.stringMatching(says) });
  });
});
