import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { worlds } from "../host/arbitrary-worlds.ts";
import { openGatewayImage } from "../host/decisions.ts";
import { bothRuntimes, loadPortableWasm } from "../host/portable.ts";
import { disagreementIn, wholeCases } from "../host/whole-world-property.ts";

const runtimes = await bothRuntimes();
const seeds = [20, 21];

test.each(seeds)(
  "images of whole worlds decide as the slow evaluator does, in Wasm and TypeScript, seed %i",
  (seed) => {
    const property = fc.property(wholeCases, (one) => {
      expect(disagreementIn(one, runtimes)).toBeUndefined();
    });
    fc.assert(property, { seed, numRuns: 40, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false });
  },
);

test("an image that Wasm answers from lies in the memory of that module", async () => {
  const wasm = await loadPortableWasm();
  const holds = (text: string) => Buffer.from(wasm.memory.buffer).includes(text);
  expect(holds("spiffe://test/gateway/h")).toBe(false);
  for (const world of fc.sample(worlds, { seed: 1, numRuns: 1 })) openGatewayImage(wasm, world);
  expect(holds("spiffe://test/gateway/h")).toBe(true);
});
