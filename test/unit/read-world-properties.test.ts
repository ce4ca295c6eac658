import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { World } from "../../controller/model/resources.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { flowsIn } from "../host/arbitrary-flows.ts";
import { writableWorlds } from "../host/arbitrary-worlds.ts";
import type { Flow } from "../host/simple-evaluator.ts";
import { decision, wouldBe } from "../host/tier-evaluator.ts";
import { objectsOf } from "../host/world-objects.ts";

test("what is written of a world is read as that world", () => {
  fc.assert(
    fc.property(writableWorlds, fc.noShrink(fc.nat()), (world, seed) => {
      const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: objectsOf(world) });
      const { world: read, rejections, unreadable } = decodeWorld([{ file: "w.json", text }]);
      expect([...rejections, ...unreadable]).toEqual([]);
      for (const flow of flowsIn(world, seed, 200)) expect(answers(read, flow)).toEqual(answers(world, flow));
    }),
    { numRuns: 40 },
  );
});

function answers(world: World, flow: Flow): object {
  return { flow, is: decision(world, flow), would: wouldBe(world, flow) };
}
