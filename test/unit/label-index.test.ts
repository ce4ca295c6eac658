import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { LabelIndex } from "../../controller/compile/label-index.ts";
import type { Requirement, Selector } from "../../controller/model/resources.ts";
import { selectorText, selects } from "../../controller/model/selectors.ts";

const rows: { name: string; requirement: Requirement; labels: Record<string, string>; want: boolean }[] = [
  { name: "In: the value is listed", requirement: requirement("In", ["x", "y"]), labels: { app: "y" }, want: true },
  { name: "In: another value", requirement: requirement("In", ["x", "y"]), labels: { app: "z" }, want: false },
  { name: "In: no such label", requirement: requirement("In", ["x"]), labels: { tier: "x" }, want: false },
  { name: "In: the empty value is a value", requirement: requirement("In", [""]), labels: { app: "" }, want: true },
  { name: "In: the empty value isn't absence", requirement: requirement("In", [""]), labels: {}, want: false },
  { name: "NotIn: the value is listed", requirement: requirement("NotIn", ["x"]), labels: { app: "x" }, want: false },
  { name: "NotIn: another value", requirement: requirement("NotIn", ["x"]), labels: { app: "z" }, want: true },
  { name: "NotIn: no such label", requirement: requirement("NotIn", ["x"]), labels: {}, want: true },
  { name: "Exists: some value", requirement: requirement("Exists", []), labels: { app: "" }, want: true },
  { name: "Exists: no such label", requirement: requirement("Exists", []), labels: {}, want: false },
  { name: "DoesNotExist: some value", requirement: requirement("DoesNotExist", []), labels: { app: "x" }, want: false },
  { name: "DoesNotExist: no such label", requirement: requirement("DoesNotExist", []), labels: {}, want: true },
  {
    name: "a key that objects have anyway",
    requirement: { ...requirement("Exists", []), key: "toString" },
    labels: {},
    want: false,
  },
];

describe("a selector matches", () => {
  test.each(rows)("$name: $want", ({ requirement, labels, want }) => {
    const selector = { requirements: [requirement] };
    expect(selects(selector, labels)).toBe(want);
    expect(new LabelIndex([new Map(Object.entries(labels))]).select(selector, 0, 1)).toEqual(want ? [0] : []);
  });
});

const key = fc.constantFrom("app", "tier", "zone");
const value = fc.constantFrom("x", "y", "z", "");
const selectors: fc.Arbitrary<Selector> = fc.record({
  requirements: fc.array(
    fc.record({
      key,
      operator: fc.constantFrom("In" as const, "NotIn" as const, "Exists" as const, "DoesNotExist" as const),
      values: fc.uniqueArray(value, { minLength: 1 }),
    }),
    { maxLength: 3 },
  ),
});
const labels = fc.dictionary(key, value, { noNullPrototype: true });

test("an index selects from any span what the selector matches one by one", () => {
  fc.assert(
    fc.property(fc.array(labels, { maxLength: 100 }), selectors, fc.nat(100), fc.nat(100), (items, selector, a, b) => {
      const index = new LabelIndex(items.map((item) => new Map(Object.entries(item))));
      const [from, to] = [Math.min(a, b, items.length), Math.min(Math.max(a, b), items.length)];
      const matching = items.flatMap((item, i) => (i >= from && i < to && selects(selector, item) ? [i] : []));
      expect(index.select(selector, from, to)).toEqual(matching);
    }),
  );
});

test("an index lists what a selector matches, or what it doesn't, whichever is shorter", () => {
  fc.assert(
    fc.property(fc.array(labels, { maxLength: 100 }), selectors, (items, selector) => {
      const { others, listed } = new LabelIndex(items.map((item) => new Map(Object.entries(item)))).selectSet(selector);
      const chosen = items.flatMap((item, i) => (selects(selector, item) !== others ? [i] : []));
      expect([...listed]).toEqual(chosen);
      expect(listed.length * 2).toBeLessThanOrEqual(items.length);
    }),
  );
});

test("selectors with one text select the same", () => {
  fc.assert(
    fc.property(selectors, selectors, fc.array(labels), (a, b, items) => {
      fc.pre(selectorText(a) === selectorText(b));
      for (const item of items) expect(selects(a, item)).toBe(selects(b, item));
    }),
    { numRuns: 50 },
  );
});

test("order and repetition don't change a selector's text", () => {
  const [in1, exists] = [requirement("In", ["x", "y"]), requirement("Exists", [])];
  const text = selectorText({ requirements: [in1, exists] });
  expect(selectorText({ requirements: [exists, { ...in1, values: ["y", "x", "y"] }, exists] })).toBe(text);
});

function requirement(operator: Requirement["operator"], values: string[]): Requirement {
  return { key: "app", operator, values };
}
