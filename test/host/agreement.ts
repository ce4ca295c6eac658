/** Where the images of a world answer unlike the slow evaluator. */
import { Side } from "../../assembly/decide/image.ts";
import { compile } from "../../controller/compile/compile.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import type { World } from "../../controller/model/resources.ts";
import { askable, type Evaluation, evaluatedText, evaluation } from "./answer-text.ts";
import { sha256 } from "./decisions.ts";
import { ImageReader, type Node } from "./image-reader.ts";
import type { Runtime } from "./portable.ts";
import type { Flow } from "./simple-evaluator.ts";

export interface Disagreement {
  readonly flow: Flow;
  /** Whose image, read by what: `gateway g in Wasm`. */
  readonly where: string;
  readonly is: string;
  readonly shouldBe: string;
}

/** A world, compiled so that a set which tells more classes than `exceptions` apart does so by region. */
export interface LaidOut {
  readonly world: World;
  readonly exceptions: number;
}

/** The first flow that the image of a gateway or of one of a few endpoints decides unlike the evaluator. */
export function disagreementOn(
  { world, exceptions }: LaidOut,
  flows: readonly Flow[],
  runtimes: readonly Runtime[],
): Disagreement | undefined {
  const { policy } = compile(world, world.overlays[0]?.name ?? "", { limits: { exceptions } });
  const prepared = prepareImages(policy, sha256);
  const evaluations = flows.map((flow) => evaluation(world, flow));
  const nodes = [...policy.gateways.slice(0, 1), ...policy.endpoints.slice(0, 3)];
  for (const node of nodes) {
    for (const { name, portable } of runtimes) {
      const reader = new ImageReader(portable, prepared, node);
      for (const [i, flow] of flows.entries()) {
        const evaluated = evaluations[i] as Evaluation;
        const asked = askable(evaluated, reader.sidesOf(flow));
        if (asked.sides === 0) continue;
        const [is, shouldBe] = [reader.answer(flow, asked), evaluatedText(evaluated, asked)];
        if (is !== shouldBe) return { flow, where: `${nameOf(node)} in ${name}`, is, shouldBe };
      }
    }
  }
  return undefined;
}

/** What a gateway has to answer. */
export function answerOn(world: World, flow: Flow): string {
  const evaluated = evaluation(world, flow);
  return evaluatedText(evaluated, askable(evaluated, Side.Both));
}

const nameOf = (node: Node) => ("gateway" in node ? `gateway ${node.gateway.name}` : `endpoint ${node.endpoint.name}`);
