/** What must hold of every world: its images decide as the slow evaluator does. */
import fc from "fast-check";
import { type Disagreement, disagreementOn, type LaidOut } from "./agreement.ts";
import { flowsIn } from "./arbitrary-flows.ts";
import { worlds } from "./arbitrary-worlds.ts";
import type { Runtime } from "./portable.ts";

export interface Case extends LaidOut {
  /** Of the flows. */
  readonly seed: number;
}

const FLOWS = 400;

export const wholeCases: fc.Arbitrary<Case> = fc.record({
  world: worlds,
  seed: fc.noShrink(fc.nat()),
  /** Tables say the same whether peers are told apart by region, one by one, or some so and some so. */
  exceptions: fc.constantFrom(1000, 1, 0),
});

export function disagreementIn({ seed, ...laidOut }: Case, runtimes: readonly Runtime[]): Disagreement | undefined {
  return disagreementOn(laidOut, flowsIn(laidOut.world, seed, FLOWS), runtimes);
}
