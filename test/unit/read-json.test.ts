import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DocumentReader } from "../../controller/read/documents.ts";
import { formatRejection } from "../../controller/read/issue.ts";
import { cutItems, parseJson } from "../../controller/read/json.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { brokenKubernetesObjects, pod } from "./broken-kubernetes-objects.ts";

const read = (text: string) => {
  const { world, rejections, unreadable } = decodeWorld([{ file: "a", text }]);
  return { world, messages: [...unreadable, ...rejections].map(formatRejection) };
};
/** The same text, that only YAML can be. */
const asYaml = (text: string) => read(`${text}\n# YAML`);

const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
const list = (items: unknown, more: object = {}) => ({ apiVersion: "v1", items, kind: "List", ...more });

describe("JSON means what it means as YAML", () => {
  const texts: { name: string; text: string }[] = [
    { name: "an object", text: JSON.stringify(pod({})) },
    { name: "an object after empty lines", text: `\n\r\n \n${JSON.stringify(pod({}), undefined, 1)}\n` },
    { name: "a list", text: JSON.stringify(list([pod({}), namespace("a")]), undefined, 4) },
    { name: "an empty list", text: JSON.stringify(list([])) },
    { name: "a list of null", text: JSON.stringify(list(null)) },
    { name: "a list that is none", text: JSON.stringify(list({})) },
    { name: "a typed list", text: JSON.stringify(list([{ metadata: { name: "a" } }], { kind: "NamespaceList" })) },
    { name: "a list in a list", text: JSON.stringify(list([list([namespace("a")])])) },
    {
      name: "two objects of a list in a list",
      text: `{"kind": "XList", "items": [${JSON.stringify(list([{}, {}]))}]}`,
    },
    { name: "a list of things", text: JSON.stringify(list([1, "a", null, [], {}, [namespace("a")]]), undefined, 1) },
    { name: "a list with a broken object", text: JSON.stringify(list([{}, pod({ spec: 1 })]), undefined, 2) },
    { name: "items of something else", text: JSON.stringify({ ...pod({}), items: [1] }) },
    { name: "a list whose name is escaped", text: '{"apiVersion":"v1","kind":"List","\\u0069tems":[{}]}' },
    { name: "two lists", text: '{"apiVersion":"v1","kind":"List","items":[],"items":[{}]}' },
    { name: "two lists, one of them escaped", text: '{"kind":"List","\\u0069tems":[],"items":[{}]}' },
    { name: "a key twice", text: '{"apiVersion":"v1","kind":"List","items":[\n{"a":1,\n"a":2}]}' },
    { name: "a key twice, once escaped", text: '{"a":1,"\\u0061":2}' },
    { name: "a comma too many", text: '{"apiVersion":"v1","kind":"List","items":[{},]}' },
    { name: "a missing comma", text: '{"apiVersion":"v1","kind":"List","items":[{} {}]}' },
    { name: "a missing bracket", text: '{"apiVersion":"v1","kind":"List","items":[{}}' },
    { name: "quotes of YAML", text: `{apiVersion: v1, kind: List, "items": [{a: '],"'}]}` },
    { name: "comments", text: '{"apiVersion":"v1","kind":"List","items":[{} # ]}"\n,{}]}' },
    { name: "signs in texts", text: JSON.stringify(list([{ 'a"\\': '[{,\\"' }, { "]": "}\\" }])) },
    { name: "more after it", text: `${JSON.stringify(list([{}]))}\n---\n${JSON.stringify(namespace("a"))}` },
    { name: "deep nesting", text: `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}` },
    { name: "a key named __proto__", text: '{"__proto__":{"kind":"Namespace"}}' },
  ];
  test.each(texts)("$name", ({ text }) => {
    expect(read(text)).toEqual(asYaml(text));
  });

  const small = brokenKubernetesObjects.filter(({ object }) => JSON.stringify(object).length < 10_000);
  test.each(small)("$name", ({ object }) => {
    for (const indent of [undefined, 1]) {
      const text = JSON.stringify(list([namespace("a"), object]), undefined, indent);
      expect(read(text)).toEqual(asYaml(text));
    }
  });

  test("also when a letter or two are wrong", () => {
    const text = JSON.stringify(list([namespace("a"), pod({}), { items: [1, { b: '"' }] }]), undefined, 1);
    const sign = fc.constantFrom(..."{}[],:\"'\\#\n a1-", "");
    fc.assert(
      fc.property(fc.nat(text.length), sign, fc.nat(2), (at, put, cut) => {
        const edited = text.slice(0, at) + put + text.slice(at + cut);
        const [json, yaml] = [read(edited), asYaml(edited)];
        // What isn't JSON is YAML twice; the two may fail at different places.
        if (parseJson(edited) === undefined) expect(json.world).toEqual(yaml.world);
        else expect(json).toEqual(yaml);
      }),
      { numRuns: 200 },
    );
  });
});

test("finds the items of any list", () => {
  const value = fc.json().map((text): unknown => JSON.parse(text));
  fc.assert(
    fc.property(fc.array(value), value, fc.constantFrom(undefined, 1, "\t"), (items, more, indent) => {
      const text = JSON.stringify({ more, items, itemsToo: [more] }, undefined, indent);
      const cut = cutItems(text);
      expect(cut?.entries.map(([start, end]) => JSON.parse(text.slice(start, end)))).toEqual(items);
      expect(parseJson(cut?.frame ?? "")).toEqual({ more, items: [], itemsToo: [more] });
    }),
  );
});

test("parses again only the items that changed", () => {
  const reader = new DocumentReader();
  const text = (...names: string[]) => JSON.stringify(list(names.map(namespace)), undefined, 1);
  const objects = (text: string) => {
    const documents = reader.read("a.json", text);
    reader.finish();
    return "objects" in documents ? documents.objects.map(({ object }) => object) : [];
  };
  const [a, b] = objects(text("a", "b"));
  const after = objects(text("x", "a", "b"));
  expect(after).toEqual([namespace("x"), namespace("a"), namespace("b")]);
  expect([after[1] === a, after[2] === b]).toEqual([true, true]);
});

test("has no limit of a million entries, but for single objects whose lines can't be told", () => {
  const many = list([{ apiVersion: "v1", kind: "ConfigMap", data: Array(1_000_001).fill(1) }, namespace("a")]);
  expect(read(JSON.stringify(many))).toMatchObject({ messages: [], world: { namespaces: [{ name: "a" }] } });
  const peers = Array(1_000_001).fill({ podSelector: {} });
  const policy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "p" } };
  const { world, messages } = read(
    JSON.stringify({ ...policy, spec: { podSelector: {}, ingress: [{ from: peers }] } }),
  );
  expect(messages).toEqual([
    "a:1: NetworkPolicy p: spec.ingress[0].from: has 1000001 entries, more than 10000: split it",
  ]);
  expect(world.policies).toMatchObject([{ ingress: [] }]);
});
