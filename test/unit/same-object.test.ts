import { describe, expect, test } from "@jest/globals";
import { isAsWanted, surplusOf } from "../../controller/kube/same-object.ts";

const labels = { a: "1" };
const wanted = { kind: "K", metadata: { name: "n", labels }, spec: { list: [{ x: 1 }], map: { y: 2 } } };
const found = (spec: object, more: object = {}) => ({
  ...wanted,
  metadata: { ...wanted.metadata, uid: "u" },
  spec,
  ...more,
});

describe("an object in the cluster", () => {
  const table = [
    { name: "as it was applied", object: found(wanted.spec), want: true },
    { name: "with fields in another order", object: found({ map: { y: 2 }, list: [{ x: 1 }] }), want: true },
    { name: "with a status", object: found(wanted.spec, { status: { ok: true } }), want: true },
    { name: "with more labels", object: { ...wanted, metadata: { labels: { ...labels, b: "2" } } }, want: true },
    {
      name: "with a label by which istiod passes it over",
      object: { ...wanted, metadata: { labels: { ...labels, "istio.io/rev": "" } } },
      want: false,
    },
    { name: "with one label changed", object: { ...wanted, metadata: { labels: { a: "2" } } }, want: false },
    { name: "with another value", object: found({ ...wanted.spec, map: { y: 3 } }), want: false },
    { name: "with a field more", object: found({ ...wanted.spec, selector: {} }), want: false },
    { name: "with a field more inside", object: found({ ...wanted.spec, map: { y: 2, z: null } }), want: false },
    { name: "with an element more", object: found({ ...wanted.spec, list: [{ x: 1 }, {}] }), want: false },
    { name: "with a field less", object: found({ list: [{ x: 1 }] }), want: false },
    { name: "without content", object: { metadata: wanted.metadata }, want: false },
  ];
  test.each(table)("$name is as wanted: $want", ({ object, want }) => {
    expect(isAsWanted(wanted, object)).toBe(want);
  });

  test("loses the fields of mappings that nobody wants, and no others", () => {
    const object = found({ list: [{ x: 1, more: 1 }], map: { y: 5, z: 1 }, selector: {} });
    expect(surplusOf(wanted, object)).toEqual({ spec: { map: { z: null }, selector: null } });
    expect(surplusOf(wanted, found(wanted.spec))).toEqual({});
  });

  test("loses the label by which istiod passes it over, and no others", () => {
    const object = { ...wanted, metadata: { labels: { ...labels, b: "2", "istio.io/rev": "none" } } };
    expect(surplusOf(wanted, object)).toEqual({ metadata: { labels: { "istio.io/rev": null } } });
  });
});
