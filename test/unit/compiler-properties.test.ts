import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Compilation, Compiler, compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import type { World } from "../../controller/model/resources.ts";
import { openImage, sha256 } from "../host/decisions.ts";
import { histories } from "../host/edits.ts";
import { imageAnswers } from "../host/image-answers.ts";

/** Tables say the same whether peers are told apart by region or one by one. */
const exceptions = fc.constantFrom(undefined, 0, 1, 1000);

test("decides worlds that follow each other as if each were the first", () => {
  let [updates, restarts] = [0, 0];
  fc.assert(
    fc.property(histories(8), exceptions, (history, exceptions) => {
      const options = exceptions === undefined ? {} : { limits: { exceptions } };
      const compiler = new Compiler("o", options);
      for (const world of history) {
        const [got, want] = [compiler.update(world), compile(world, "o", options)];
        expect(got.rejections).toEqual(want.rejections);
        expect(answers(got)).toEqual(answers(want));
      }
      updates += history.length - 1;
      restarts += compiler.restarts - 1;
    }),
    { numRuns: 60 },
  );
  // Else this would say little.
  expect(restarts).toBeLessThan(updates / 2);
});

test("gives the same objects where nothing has changed", () => {
  fc.assert(
    fc.property(histories(1), ([world]) => {
      const compiler = new Compiler("o");
      const first = compiler.update(world as World).policy;
      const second = compiler.update({ ...(world as World) }).policy;
      expect(second.endpoints.every((endpoint, i) => endpoint === first.endpoints[i])).toBe(true);
      expect(second.table).toEqual(first.table);
    }),
    { numRuns: 20 },
  );
});

/** Everything that the images of a gateway and of two endpoints say, but for numbers. */
function answers({ policy }: Compilation): string[] {
  const prepared = prepareImages(policy, sha256);
  const members = policy.endpoints.map(({ endpoint, addresses }) => `${endpoint.name} ${addresses.length}`);
  const nodes = [policy.gateways[0] as CompiledGateway, ...policy.endpoints.slice(0, 2)];
  return [...members, ...nodes.flatMap((node) => imageAnswers(openImage(prepared, node), policy, node))];
}
