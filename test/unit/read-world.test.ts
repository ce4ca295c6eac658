import { describe, expect, test } from "@jest/globals";
import { readWorld } from "../../controller/read/files.ts";
import { formatRejection } from "../../controller/read/issue.ts";
import { decodeWorld } from "../../controller/read/world.ts";
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

describe("a readable world", () => {
  test("has the defaults", () => {
    const { world, rejections } = read(
      [overlay(), gateway("addresses: ['[2001:DB8::0:5]:1']", "local: {}"), endpoint("addresses: [10.0.0.1]")].join(
        "\n---\n",
      ),
    );
    expect(rejections).toEqual([]);
    expect(world).toEqual({
      overlays: [
        {
          origin: { file: "a.yaml", line: 1, kind: "Overlay", name: "x" },
          ...{ name: "x", id: 7, cidr: ["10.77.0.0/16"], path: ["a"] },
          ...{ isolation: "DefaultDeny", enforcement: "Enforce", interception: "Overlay" },
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
