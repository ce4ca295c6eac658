import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeWorld } from "../../controller/read/world.ts";
import { writableWorlds } from "../host/arbitrary-worlds.ts";
import { breakWorld, brokenCases } from "../host/broken-worlds.ts";
import { objectsOf } from "../host/world-objects.ts";
import { endpoint, overlay as overlayText } from "./broken-texts.ts";

describe("garbage anywhere in an object", () => {
  test("never throws, and never widens access when it is noticed", () => {
    let noticed = 0;
    let closed = 0;
    fc.assert(
      fc.property(brokenCases, (one) => {
        const broken = breakWorld(one);
        expect(broken.opened).toEqual([]);
        closed += broken.closed;
        if (broken.noticed) noticed++;
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 150) },
    );
    expect(noticed).toBeGreaterThan(30);
    expect(closed).toBeGreaterThan(30);
  });

  test("never throws, whatever the text", () => {
    const objects = fc.sample(writableWorlds, { seed: 3, numRuns: 2 }).flatMap(objectsOf);
    const texts = objects.map((one) => JSON.stringify(one, undefined, 1));
    const text = [...texts, overlayText(), endpoint("a: 1")].join("\n---\n");
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(60), fc.string({ unit: "binary", maxLength: 20 }), (at, cut, put) => {
        const edited = text.slice(0, at) + put + text.slice(at + cut);
        expect(decodeWorld([{ file: "a.yaml", text: edited }]).world.closed).toBeDefined();
      }),
      { numRuns: 150 },
    );
  });
});
