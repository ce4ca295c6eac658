import { describe, expect, test } from "@jest/globals";
import type { Flow } from "../host/simple-evaluator.ts";
import { type TierCase, tierCases } from "../host/tier-cases.ts";
import { type Decision, decision, wouldBe } from "../host/tier-evaluator.ts";

const cases = tierCases.map((one) => [one.name, one] as const);

test.each(cases)("reads the case: %s", (_, { rejections, rejected }) => {
  expect({ rejections, isRejected: rejections.length > 0 }).toMatchObject({ isRejected: rejected });
});

describe("the slow evaluator", () => {
  test.each(cases)("%s", (_, tierCase) => {
    expect(answers(tierCase, (flow) => evaluated(tierCase, flow))).toEqual(wanted(tierCase));
  });
});

function wanted({ flows }: TierCase): object {
  return Object.fromEntries(flows.map(({ text, want }) => [text, want]));
}

/** In the words of the case: with the gateways only where it names them. */
function answers({ flows }: TierCase, answer: (flow: Flow) => string): object {
  const shortened = (got: string, want: string) => (want === "allow" ? got.replace(/^allow [a-z ]+$/, "allow") : got);
  return Object.fromEntries(flows.map(({ text, flow, want }) => [text, shortened(answer(flow), want)]));
}

function evaluated({ world }: TierCase, flow: Flow): string {
  const [is, would] = [decision(world, flow), wouldBe(world, flow)].map(verdictOf) as [string, string];
  return is === would
    ? `${is}${pathOf(decision(world, flow))}`
    : `${is}${pathOf(decision(world, flow))}, would ${would}`;
}

const verdictOf = ({ path }: Decision) => (path === undefined ? "deny" : "allow");
const pathOf = ({ path }: Decision) => (path === undefined ? "" : ` ${path.join(" ")}`);
