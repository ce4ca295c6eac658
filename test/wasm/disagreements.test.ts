import { expect, test } from "@jest/globals";
import { answerOn, disagreementOn } from "../host/agreement.ts";
import { knownDisagreements } from "../host/disagreements.ts";
import { bothRuntimes } from "../host/portable.ts";

const runtimes = await bothRuntimes();
const known = knownDisagreements().map((one) => [one.name, one] as const);

test.each(known)("%s", (_, { world, flow, want, exceptions }) => {
  expect(answerOn(world, flow)).toBe(want);
  expect(disagreementOn({ world, exceptions }, [flow], runtimes)).toBeUndefined();
});
