import { describe, expect, test } from "@jest/globals";
import { Side } from "../../assembly/decide/image.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { sha256 } from "../host/decisions.ts";
import { ImageReader } from "../host/image-reader.ts";
import { bothRuntimes } from "../host/portable.ts";
import type { Flow } from "../host/simple-evaluator.ts";
import { type TierCase, tierCases } from "../host/tier-cases.ts";
import { decision, wouldBe } from "../host/tier-evaluator.ts";

const cases = tierCases.map((one) => [one.name, one] as const);

test.each(cases)("reads the case: %s", (_, { rejections, rejected }) => {
  expect({ rejections, isRejected: rejections.length > 0 }).toMatchObject({ isRejected: rejected });
});

test("no two cases have one name", () => expect(new Set(tierCases.map(({ name }) => name)).size).toBe(cases.length));

describe("the slow evaluator", () => {
  test.each(cases)("%s", (_, tierCase) => {
    const { world } = tierCase;
    expect(
      answers(tierCase, (flow) => {
        const [{ path }, would] = [decision(world, flow), wouldBe(world, flow)];
        return answer(path, would.path !== undefined);
      }),
    ).toEqual(wanted(tierCase));
  });
});

describe.each(await bothRuntimes())("a gateway's image in $name", ({ portable }) => {
  test.each(cases)("%s", (_, tierCase) => {
    const { policy } = compile(tierCase.world, "o");
    const reader = new ImageReader(portable, prepareImages(policy, sha256), policy.gateways[0] as CompiledGateway);
    expect(
      answers(tierCase, (flow) => {
        const { path, would } = reader.verdict(flow, Side.Both);
        return answer(path, would);
      }),
    ).toEqual(wanted(tierCase));
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

function answer(path: readonly string[] | undefined, would: boolean): string {
  const is = path === undefined ? "deny" : `allow ${path.join(" ")}`;
  return (path !== undefined) === would ? is : `${is}, would ${would ? "allow" : "deny"}`;
}
