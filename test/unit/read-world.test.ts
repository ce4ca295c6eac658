import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { EMPTY_WORLD } from "../../controller/model/resources.ts";
import { DocumentReader } from "../../controller/read/documents.ts";
import { readWorld } from "../../controller/read/files.ts";
import { formatRejection } from "../../controller/read/issue.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { parseYaml } from "../../controller/read/yaml.ts";
import { brokenTexts, endpoint, gateway, overlay, policy } from "./broken-texts.ts";

const read = (text: string) => decodeWorld([{ file: "a.yaml", text }]);
const messages = (text: string) => {
  const { rejections, unreadable } = read(text);
  return [...unreadable, ...rejections].map(formatRejection);
};

describe("what is wrong is named with file, line, object and field", () => {
  test.each(brokenTexts)("$name", ({ text, want }) => {
    const found = messages(text);
    expect(found).toEqual(want.map((one) => (typeof one === "string" ? one : expect.stringMatching(one))));
  });

  test("names both places of a repeated object", () => {
    const { rejections, world } = decodeWorld([
      { file: "a.yaml", text: overlay() },
      { file: "b.yaml", text: `\n${overlay()}` },
    ]);
    expect(rejections.map(formatRejection)).toEqual([
      "b.yaml:5: Overlay x: metadata.name: repeats the object of a.yaml:1: remove one of the two",
    ]);
    expect(world.overlays).toMatchObject([{ origin: { file: "a.yaml" } }]);
  });

  test("ends the list of an object's faults at some point", () => {
    const found = messages(policy("web", `{ingress: [${"{a: 1},".repeat(500)}]}`));
    expect(found).toHaveLength(21);
    expect(found.at(-1)).toContain("has 480 more problems");
  });
});

describe("what is left out only removes access", () => {
  test("a file with a syntax error adds nothing", () => {
    const { world, unreadable } = read(`${overlay()}\n---\na: ]`);
    expect([world.overlays, unreadable.length]).toEqual([[], 1]);
  });

  test("a repeated policy isolates and allows nothing", () => {
    const { world } = read(`${policy("a", "{ingress: [{}]}")}\n---\n${policy("a", "{egress: [{}]}")}`);
    expect(world.policies).toMatchObject([{ ingress: [{}] }, { ingress: [], egress: [] }]);
  });

  test("policies of one name in two namespaces are two", () => {
    const { rejections } = read(
      `${policy("a", "{}")}\n---\n${policy("a", "{}").replace("namespace: shop", "namespace: data")}`,
    );
    expect(rejections).toEqual([]);
  });

  test("an endpoint is left out when its Namespace can't be read, because a selector could match missing labels", () => {
    const broken = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: 1}}";
    const { world, rejections } = read(`${endpoint("addresses: [10.0.0.1]")}\n---\n${broken}`);
    expect(world.endpoints).toEqual([]);
    expect(rejections.map(formatRejection)).toContain(
      'a.yaml:7: OverlayEndpoint x: spec.namespace: "shop" is a Namespace that can\'t be read: repair that first',
    );
  });
});

describe("reading again", () => {
  const first = `${overlay()}\n---\n${policy("a", "{ingress: [{}]}")}\n---\n${policy("b", "{}")}\n`;

  test("takes the same objects for the same text and new ones for a new one", () => {
    const reader = new DocumentReader();
    const before = decodeWorld([{ file: "a.yaml", text: first }], reader).world;
    const after = decodeWorld([{ file: "a.yaml", text: first.replace("[{}]", "[]") }], reader).world;
    expect(after.overlays[0]?.path).toBe(before.overlays[0]?.path);
    expect(after.policies[1]?.podSelector).toBe(before.policies[1]?.podSelector);
    expect(after.policies[0]?.ingress).toEqual([]);
  });

  test.each([
    { name: "an edit", text: first.replace("[{}]", "[{from: 1}]") },
    { name: "lines added in front", text: `# one\n# two\n${first}` },
    { name: "a removal", text: first.replace(/---.*$/s, "") },
    { name: "documents in another order", text: first.split("---\n").reverse().join("---\n") },
    { name: "a repeated document", text: `${first}---\n${first}` },
    { name: "a syntax error", text: `${first}---\n[` },
    { name: "another file", text: first, file: "b.yaml" },
  ])("gives what a first reading gives, after $name", ({ text, file = "a.yaml" }) => {
    const reader = new DocumentReader();
    decodeWorld([{ file: "a.yaml", text: first }], reader);
    expect(decodeWorld([{ file, text }], reader)).toEqual(decodeWorld([{ file, text }]));
  });

  test("parses only what changed", () => {
    const documents = Array.from({ length: 2000 }, (_, i) => policy(`p${i}`, "{ingress: [{ports: [{port: 80}]}]}"));
    const reader = new DocumentReader();
    const time = (text: string) => {
      const start = performance.now();
      expect(decodeWorld([{ file: "a.yaml", text }], reader).world.policies).toHaveLength(2000);
      return performance.now() - start;
    };
    const whole = time(documents.join("\n---\n"));
    const edit = Math.min(
      ...[1, 2, 3].map((port) =>
        time(documents.with(1000, policy("x", `{ingress: [{ports: [{port: ${port}}]}]}`)).join("\n---\n")),
      ),
    );
    expect(edit).toBeLessThan(whole / 5);
  });
});

describe("documents", () => {
  test("may hold what looks like a document's end, and directives", () => {
    const text =
      "%YAML 1.2\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  annotations:\n    a: |\n      ---\n      b\n    ---x: y\n...\n---\n# c\n--- {apiVersion: v1, kind: Namespace, metadata: {name: b}}\n---";
    const { world, rejections, unreadable } = read(text);
    expect([rejections, unreadable, world.namespaces.map(({ name }) => name)]).toEqual([[], [], ["a", "b"]]);
    expect(read(text.replace("%YAML 1.2\n", "")).world).toEqual(world);
  });
});

test("documents cut apart mean what they mean together", () => {
  const line = fc.constantFrom(
    "---",
    "--- a: 1",
    "--- |",
    "---b",
    " ---",
    "...",
    "a: 1",
    "b: |",
    "  x",
    "- y",
    "'q",
    "q'",
    "# c",
    "",
    "[",
    "]",
    "&a z",
    "*a",
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), (lines, feed) => {
      const text = lines.join(feed);
      const whole = parseYaml(text);
      const parts = new DocumentReader().read("a.yaml", text);
      if ("message" in whole) expect(parts).toHaveProperty("unreadable");
      else expect(parts).toMatchObject({ objects: whole.values.map((object) => ({ object })) });
    }),
    { numRuns: 2000 },
  );
});

describe("a readable world", () => {
  test("has the defaults", () => {
    const { world, rejections } = read(
      [overlay(), gateway("addresses: ['[2001:DB8::0:5]:1']", "local: {}"), endpoint("addresses: [10.0.0.1]")].join(
        "\n---\n",
      ),
    );
    expect(rejections).toEqual([]);
    expect(world).toEqual({
      ...EMPTY_WORLD,
      ...EMPTY_WORLD,
      overlays: [
        {
          origin: { file: "a.yaml", line: 1, kind: "Overlay", name: "x" },
          ...{ name: "x", id: 7, cidr: ["10.77.0.0/16"], path: ["a"] },
          ...{ isolation: "DefaultDeny", enforcement: "Enforce", interception: "Overlay", podOptOut: "Refuse" },
          keys: { epochSeconds: 3600, horizon: 6, keyGeneration: 0 },
        },
      ],
      gateways: [
        {
          origin: { file: "a.yaml", line: 10, kind: "OverlayGateway", name: "x" },
          ...{
            name: "x",
            overlays: ["shop"],
            addresses: ["[2001:db8::5]:1"],
            identity: "spiffe://shop.example/gateway/a",
          },
          local: { concurrency: 1 },
        },
      ],
      endpoints: [
        {
          origin: { file: "a.yaml", line: 20, kind: "OverlayEndpoint", name: "x" },
          ...{ name: "x", overlay: "shop", namespace: "shop", labels: {}, addresses: ["10.0.0.1"], ports: [] },
          identity: "spiffe://shop.example/ns/shop/sa/web",
        },
      ],
      namespaces: [{ name: "shop", labels: { "kubernetes.io/metadata.name": "shop" } }],
      policies: [],
    });
  });

  test("has gateways whose replicas only DNS knows", () => {
    const { world, rejections } = read(gateway("service: {namespace: sp, name: edge}", "local: null"));
    expect(rejections).toEqual([]);
    expect(world.gateways).toEqual([
      {
        origin: { file: "a.yaml", line: 1, kind: "OverlayGateway", name: "x" },
        ...{ name: "x", overlays: ["shop"], addresses: [], service: { namespace: "sp", name: "edge" } },
        identity: "spiffe://shop.example/gateway/a",
      },
    ]);
  });

  test("labels a namespace with its name, whatever it says", () => {
    const text =
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {kubernetes.io/metadata.name: b, x: ""}}';
    expect(read(text).world.namespaces).toEqual([{ name: "a", labels: { "kubernetes.io/metadata.name": "a", x: "" } }]);
  });

  test("may come as JSON, with anchors, in a List and with empty documents", () => {
    const json = JSON.stringify(
      { apiVersion: "v1", kind: "List", items: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } }] },
      null,
      "\t",
    );
    const yaml =
      "# nothing\n---\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: b\n  labels: &l {x: y}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: c, labels: {<<: {x: z}}}\n";
    const { world, rejections } = decodeWorld([
      { file: "a.json", text: json },
      { file: "a.yaml", text: yaml },
    ]);
    expect([rejections, world.namespaces.map(({ name }) => name)]).toEqual([[], ["a", "b", "c"]]);
  });

  test("is the sample", async () => {
    const { world, rejections, unreadable } = await readWorld("manifests/samples/shop");
    expect([rejections, unreadable]).toEqual([[], []]);
    expect(world.endpoints.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
      "shop/web",
      "shop/api",
      "data/db",
      "guest/intruder",
    ]);
    expect([world.overlays.length, world.gateways.length, world.namespaces.length, world.policies.length]).toEqual([
      1, 2, 3, 4,
    ]);
  });
});
