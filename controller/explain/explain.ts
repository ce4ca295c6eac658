import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { verdictName } from "../../assembly/decide/verdict-name.ts";
import { PROTOCOLS } from "../compile/clauses.ts";
import { isInside, parseAddress, parseBlock } from "../model/address.ts";
import type { NetworkPolicy, World } from "../model/resources.ts";
import { type Direction, type Obstacle, obstacles } from "./changes.ts";
import { Nodes, type SideAnswer } from "./node.ts";
import type { FlowPort, Party, Question } from "./question.ts";
import { type Hop, trace } from "./trace.ts";

/** The answer of `sallyport explain --output json`. Fields are added but not renamed or removed. */
export interface Explanation {
  readonly from: ExplainedParty;
  readonly to: ExplainedParty;
  readonly protocol: string;
  readonly port: number;
  readonly overlay: string;
  readonly verdict: "allowed" | "denied";
  /**
   * `allow`, or why not: the name of the verdict that a filter gives, and those of explain: `self`, `direct`,
   * `not-carried` (only TCP is), `other-overlay`.
   */
  readonly reason: string;
  /** What policy says on each side, also where something else decides the flow. */
  readonly egress: ExplainedSide;
  readonly ingress: ExplainedSide;
  /** The nodes that the flow comes to, in order; the last one refuses it if it is denied. */
  readonly hops: readonly Hop[];
  /** If policy denies the flow, what would have to change on each side that it denies. Empty otherwise. */
  readonly changes: readonly ExplainedChange[];
}

export interface ExplainedParty {
  readonly kind: "endpoint" | "outsider";
  readonly name: string;
  readonly address: string;
}

export interface ExplainedSide extends SideAnswer {
  /** The policy of the rule; absent for the overlay's default and for outsiders. */
  readonly policy?: { readonly name: string; readonly file: string; readonly line: number };
}

export interface ExplainedChange {
  readonly direction: Direction;
  readonly subject: string;
  /** A rule of one of these has to match. Empty: no policy selects the subject, and the overlay's default is deny. */
  readonly obstacles: readonly Obstacle[];
}

/** Whether the flow passes, by the code that the filters run. Many questions may share the nodes of a policy. */
export function explain(world: World, question: Question, nodes = new Nodes(question.policy)): Explanation {
  const { policy, from, to, port } = question;
  const egress = side(world, nodes, question, "egress");
  const ingress = side(world, nodes, question, "ingress");
  const outcome = outcomeOf(nodes, question);
  const sides = { egress, ingress };
  const isPolicy = outcome.reason === "policy-egress" || outcome.reason === "policy-ingress";
  const denied = isPolicy ? DIRECTIONS.filter((direction) => sides[direction].verdict === "denied") : [];
  return {
    from: partyOf(from),
    to: partyOf(to),
    ...{ protocol: port.protocol, port: port.number, overlay: policy.overlay.name },
    ...outcome,
    ...sides,
    changes: denied.map((direction) => change(world, question, direction)),
  };
}

const DIRECTIONS: readonly Direction[] = ["egress", "ingress"];

type Outcome = Pick<Explanation, "verdict" | "reason" | "hops">;

function outcomeOf(nodes: Nodes, question: Question): Outcome {
  const { policy, from, to, port } = question;
  const denied = (reason: string): Outcome => ({ verdict: "denied", reason, hops: [] });
  if (from.member !== undefined && from.member === to.member) return { verdict: "allowed", reason: "self", hops: [] };
  if (to.overlay !== undefined && to.overlay !== policy.overlay.name) return denied("other-overlay");
  if (port.protocol !== "TCP" && isLeftAlone(question)) return { verdict: "allowed", reason: "direct", hops: [] };
  if (port.protocol !== "TCP") return denied("not-carried");
  if (from.member === undefined) return denied(verdictName(Verdict.UnknownSource));
  const { hops, verdict, direct } = trace(nodes, question, from.member);
  const reason = direct ? "direct" : verdictName(verdict);
  return { verdict: verdict === Verdict.Allow ? "allowed" : "denied", reason, hops };
}

/** A member's packets that its guard lets out as they are: by it alone, because proxies see TCP only. */
function isLeftAlone({ policy: { overlay }, from, to }: Question): boolean {
  if (from.member === undefined || to.member !== undefined || overlay.interception === "All") return false;
  const address = parseAddress(to.address);
  const blocks = overlay.cidr.flatMap((text) => parseBlock(text) ?? []);
  return address !== undefined && !blocks.some((block) => isInside(address, block));
}

/** Asks the node that enforces the side; for an outsider's a gateway. */
function side(world: World, nodes: Nodes, { policy, from, to, port }: Question, direction: Direction): ExplainedSide {
  const node = (direction === "egress" ? from : to).member ?? policy.gateways[0];
  if (node === undefined) return { verdict: "denied", rule: "" };
  const asked = direction === "egress" ? Side.Egress : Side.Ingress;
  const answer = nodes.node(node).side(from.address, to.address, keyOf(port), asked);
  const found = world.policies.find((candidate) => answer.rule.split(" ")[1] === nameOf(candidate));
  if (found === undefined || !answer.rule.startsWith("NetworkPolicy ")) return answer;
  return { ...answer, policy: { name: nameOf(found), file: found.origin.file, line: found.origin.line } };
}

function change(world: World, question: Question, direction: Direction): ExplainedChange {
  const { name } = direction === "egress" ? question.from : question.to;
  return { direction, subject: name, obstacles: obstacles(world, question, direction) };
}

function partyOf({ name, address, member }: Party): ExplainedParty {
  return { kind: member === undefined ? "outsider" : "endpoint", name, address };
}

/** `protocol << 16 | port`. */
function keyOf({ protocol, number }: FlowPort): number {
  return (PROTOCOLS[protocol] << 16) | number;
}

const nameOf = ({ namespace, name }: NetworkPolicy) => `${namespace}/${name}`;
