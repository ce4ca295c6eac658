import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Side } from "../../assembly/decide/image.ts";
import type { World } from "../../controller/model/resources.ts";
import { worlds } from "../host/arbitrary-worlds.ts";
import { openGatewayImage } from "../host/decisions.ts";
import { loadPortableWasm, native, type Portable } from "../host/portable.ts";

const wasm = await loadPortableWasm();
const KEYS = [0, (6 << 16) | 80, (17 << 16) | 53, (132 << 16) | 65535, 0xffffffff];
/** One beyond what the worlds have, and far beyond. */
const CLASSES = [...Array(30).keys(), 0xfffffffe, 0xffffffff];

test("answers alike in Wasm and TypeScript, also about classes and keys that don't exist", () => {
  expect(wasm.memory).toBeInstanceOf(WebAssembly.Memory);
  fc.assert(
    fc.property(worlds, (world) => {
      expect(answers(wasm, world)).toEqual(answers(native, world));
    }),
    { numRuns: 50 },
  );
});

function answers(portable: Portable, world: World): string[] {
  openGatewayImage(portable, world);
  const all: string[] = [];
  for (const source of CLASSES) {
    for (const destination of CLASSES) for (const key of KEYS) all.push(answer(portable, source, destination, key));
  }
  return all;
}

function answer(portable: Portable, source: number, destination: number, key: number): string {
  const verdict = portable.imageDecide(source, destination, key, Side.Both);
  const rules = [portable.imageEgressRule(), portable.imageIngressRule()];
  const path = Array.from({ length: portable.imagePathLength() }, (_, hop) => portable.imagePathNode(hop));
  return [source, destination, key, verdict, ...rules, portable.imageAudit(), ...path].join(" ");
}
