import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Compiler } from "../../controller/compile/compile.ts";
import type { World } from "../../controller/model/resources.ts";
import { histories } from "../host/edits.ts";
import { compiledInTurn } from "../host/history-property.ts";

/** Tables say the same whether peers are told apart by region or one by one. */
const exceptions = fc.constantFrom(undefined, 0, 1, 1000);

test("decides worlds that follow each other as if each were the first", () => {
  let [updates, restarts] = [0, 0];
  fc.assert(
    fc.property(histories(8), exceptions, (history, exceptions) => {
      const options = exceptions === undefined ? {} : { limits: { exceptions } };
      const compiler = new Compiler("o", options);
      for (const { got, want } of compiledInTurn(history, options, compiler)) expect(got).toEqual(want);
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
