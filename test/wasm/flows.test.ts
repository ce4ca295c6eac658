import { beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bothRuntimes } from "../host/portable.ts";

/** What happens to a table: a context comes with its root, or goes, also one that isn't there. */
type Event = { readonly context: number; readonly comes: boolean };

/** Contexts that fall on the same and on neighbouring slots of tables of any size, at both ends of the table. */
const clashing = fc.constantFrom(
  1,
  2,
  3,
  255,
  256,
  257,
  258,
  511,
  512,
  513,
  1024,
  0x10001,
  0xffffff00,
  0xffffffff,
  0xfffffffe,
  0x80000000,
);
const context = fc.oneof(
  { weight: 3, arbitrary: clashing },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 600 }) },
  fc.integer({ min: 1, max: 0xffffffff }),
);
const events: fc.Arbitrary<Event[]> = fc.array(fc.record({ context, comes: fc.boolean() }), {
  maxLength: 800,
  size: "max",
});

describe.each(await bothRuntimes())("a table of flows in $name", ({ portable }) => {
  beforeEach(() => portable.resetFlows());

  /** Adds or removes as a worker does, in the table and in a Map of offsets that it must agree with. */
  function apply(model: Map<number, number>, { context, comes }: Event): boolean {
    let clean = true;
    if (!comes) {
      portable.removeFlow(context);
      model.delete(context);
    } else if (!model.has(context)) {
      const at = portable.addFlow(context, context ^ 7);
      clean = portable.isFlowClean(at);
      portable.scribbleOnFlow(at);
      model.set(context, at);
    }
    return clean && portable.flowOf(context) === (model.get(context) ?? -1);
  }

  function agree(model: ReadonlyMap<number, number>): void {
    const contexts = [...model.keys()];
    expect(contexts.map((context) => portable.flowOf(context))).toEqual([...model.values()]);
    expect([...model.values()].map((at) => portable.flowRoot(at))).toEqual(
      contexts.map((context) => (context ^ 7) >>> 0),
    );
    expect([...portable.walkFlows()].sort()).toEqual(contexts.sort());
    expect(new Set(model.values()).size).toBe(model.size);
  }

  test("knows exactly the contexts that came and didn't go, each by its own unmoved record", () => {
    fc.assert(
      fc.property(events, (all) => {
        portable.resetFlows();
        const model = new Map<number, number>();
        expect(all.findIndex((event) => !apply(model, event))).toBe(-1);
        agree(model);
      }),
      { numRuns: 200 },
    );
  });

  test("grows, and finds everything again afterwards", () => {
    const model = new Map<number, number>();
    for (let context = 1; context <= 5000; context++) apply(model, { context: context * 256, comes: true });
    agree(model);
    for (let context = 1; context <= 5000; context += 2) apply(model, { context: context * 256, comes: false });
    agree(model);
  });

  test("uses the records of flows that are gone before new ones", () => {
    const first = Array.from({ length: 100 }, (_, i) => portable.addFlow(i + 1, 1));
    for (let context = 1; context <= 100; context++) portable.removeFlow(context);
    const again = Array.from({ length: 100 }, (_, i) => portable.addFlow(i + 1000, 1));
    expect(again.sort()).toEqual(first.sort());
  });

  test("has none before the first, and loses none by removing what isn't there", () => {
    expect(portable.flowOf(1)).toBe(-1);
    portable.removeFlow(1);
    const at = portable.addFlow(257, 9);
    portable.removeFlow(1);
    expect([portable.flowOf(257), portable.flowOf(1)]).toEqual([at, -1]);
  });
});
