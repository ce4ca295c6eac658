/** An answer about a flow as one line, so that those of the evaluator and of images can be compared. */
import { Side } from "../../assembly/decide/image.ts";
import type { World } from "../../controller/model/resources.ts";
import type { Flow } from "./simple-evaluator.ts";
import { type Decision, decision, type SideDecision, wouldBe } from "./tier-evaluator.ts";

/** What the evaluator says: what is enforced, and what would be were nothing audited. */
export interface Evaluation {
  readonly is: Decision;
  readonly would: Decision;
}

/** What a node can be asked about a flow. */
export interface Asked {
  /** Those that it decides; 0: the flow is none of its business. */
  readonly sides: number;
  /** Whether it passes, and by which path. */
  readonly path: boolean;
  /** Whether it would pass, were nothing audited. */
  readonly audit: boolean;
}

export function evaluation(world: World, flow: Flow): Evaluation {
  return { is: decision(world, flow), would: wouldBe(world, flow) };
}

export function askable({ is, would }: Evaluation, sides: number): Asked {
  return {
    sides,
    // An endpoint knows by which way the far side sends a flow, not whether it lets it in.
    path: sides === Side.Both || (is.egress.allowed && is.ingress.allowed),
    // Images don't hold by which path an audited policy would send a flow.
    audit: sides === Side.Both && !isConflict(is) && !isConflict(would),
  };
}

const isConflict = ({ egress, ingress, path }: Decision) => egress.allowed && ingress.allowed && path === undefined;

/** What the evaluator says to what is asked. */
export function evaluatedText({ is, would }: Evaluation, asked: Asked): string {
  const sides = [sideText(is.egress, would.egress), sideText(is.ingress, would.ingress)] as const;
  return answerText(asked, ...sides, is.path, would.path !== undefined);
}

export function sideText({ allowed, rule }: SideDecision, would: SideDecision): string {
  const is = `${allowed ? "allow" : "deny"} by ${rule}`;
  return allowed === would.allowed ? is : `${is}${wouldText(allowed, would.allowed)} by ${would.rule}`;
}

export function answerText(
  asked: Asked,
  egress: string,
  ingress: string,
  path: readonly string[] | undefined,
  would: boolean,
): string {
  const way = path === undefined ? "not through" : `through ${path.join(" ")}`;
  return [
    ...((asked.sides & Side.Egress) === 0 ? [] : [`egress: ${egress}`]),
    ...((asked.sides & Side.Ingress) === 0 ? [] : [`ingress: ${ingress}`]),
    ...(asked.path ? [`${way}${asked.audit ? wouldText(path !== undefined, would) : ""}`] : []),
  ].join("; ");
}

const wouldText = (is: boolean, would: boolean) => (is === would ? "" : `, would ${would ? "allow" : "deny"}`);
