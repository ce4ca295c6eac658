import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { histories } from "../host/edits.ts";
import { issuedInTurn } from "../host/history-property.ts";

test("issues images that decide as new ones would, whichever nodes keep theirs", () => {
  let [issuedBefore, issuedNow] = [0, 0];
  fc.assert(
    fc.property(histories(8), (history) => {
      const count = (isNew: boolean) => (isNew ? issuedNow++ : issuedBefore++);
      for (const { got, want } of issuedInTurn(history, count)) expect(got).toEqual(want);
    }),
    { numRuns: 30 },
  );
  // Else this would say little.
  expect(issuedNow).toBeGreaterThan(100);
  expect(issuedBefore).toBeGreaterThan(100);
});
