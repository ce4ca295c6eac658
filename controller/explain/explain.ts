import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { verdictName } from "../../assembly/decide/verdict-name.ts";
import { PROTOCOLS } from "../compile/statement.ts";
import { isInside, parseAddress, parseBlock } from "../model/address.ts";
import type { Origin, World } from "../model/resources.ts";
import { isImplied } from "../offline/as-asked.ts";
import { ASKER } from "../offline/decider.ts";
import type { Direction } from "../offline/statements.ts";
import { type Obstacle, obstacles } from "./changes.ts";
import { type ConsideredPolicy, considered, denialsOf } from "./considered.ts";
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
  /** By side all policies that select its subject, in the order they are asked, and their part in the answer. */
  readonly policies: Readonly<Record<Direction, readonly ConsideredPolicy[]>>;
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
  /** Rules of cluster-wide policies that deny the flow: each has to go, or an allowing one has to come before it. */
  readonly denials: readonly ConsideredPolicy[];
  /** NetworkPolicies that isolate the subject: a rule of one of them has to match. */
  readonly obstacles: readonly Obstacle[];
  /** No policy would decide, and the overlay's default is deny. */
  readonly isDefault: boolean;
}

/** Whether the flow passes, by the code that the filters run. Many questions may share the nodes of a policy. */
export function explain(world: World, question: Question, nodes = new Nodes(question.policy)): Explanation {
  const { policy, from, to, port } = question;
  const egress = side(world, nodes, question, "egress");
  const ingress = side(world, nodes, question, "ingress");
  const outcome = isImplied(policy.overlay) ? byPolicy(question, egress, ingress) : outcomeOf(nodes, question);
  const sides = { egress, ingress };
  const isPolicy = outcome.reason === "policy-egress" || outcome.reason === "policy-ingress";
  const denied = isPolicy ? DIRECTIONS.filter((direction) => sides[direction].verdict === "denied") : [];
  const policies = {
    egress: considered(world, question, "egress"),
    ingress: considered(world, question, "ingress"),
  };
  return {
    from: partyOf(from),
    to: partyOf(to),
    ...{ protocol: port.protocol, port: port.number, overlay: policy.overlay.name },
    ...outcome,
    ...sides,
    changes: denied.map((direction) => change(world, question, direction, policies[direction])),
    policies,
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

/** An overlay that nobody wrote carries nothing: policy alone is asked. */
function byPolicy({ from, to }: Question, egress: ExplainedSide, ingress: ExplainedSide): Outcome {
  const verdict = (reason: string): Outcome => {
    return { verdict: reason.startsWith("policy") ? "denied" : "allowed", reason, hops: [] };
  };
  if (from.member !== undefined && from.member === to.member) return verdict("self");
  if (egress.verdict === "denied") return verdict("policy-egress");
  return verdict(ingress.verdict === "denied" ? "policy-ingress" : "allow");
}

/** Asks the node that enforces the side; for an outsider's a gateway. */
function side(world: World, nodes: Nodes, { policy, from, to, port }: Question, direction: Direction): ExplainedSide {
  const node = (direction === "egress" ? from : to).member ?? policy.gateways[0] ?? ASKER;
  const asked = direction === "egress" ? Side.Egress : Side.Ingress;
  const answer = nodes.node(node).side(from.address, to.address, keyOf(port), asked);
  const [kind = "", name = ""] = answer.rule.split(" ");
  const origin = originOf(world, kind, name);
  return origin === undefined ? answer : { ...answer, policy: { name, file: origin.file, line: origin.line } };
}

function originOf(world: World, kind: string, name: string): Origin | undefined {
  if (kind === "NetworkPolicy")
    return world.policies.find((policy) => `${policy.namespace}/${policy.name}` === name)?.origin;
  if (kind === "ClusterNetworkPolicy") return world.clusterPolicies.find((policy) => policy.name === name)?.origin;
  return kind === "FlowPolicy" ? world.flowPolicies.find((policy) => policy.name === name)?.origin : undefined;
}

function change(
  world: World,
  question: Question,
  direction: Direction,
  policies: readonly ConsideredPolicy[],
): ExplainedChange {
  const { name } = direction === "egress" ? question.from : question.to;
  const { denials, isIsolated, isDefault } = denialsOf(policies);
  return {
    direction,
    subject: name,
    denials,
    obstacles: isIsolated ? obstacles(world, question, direction) : [],
    isDefault,
  };
}

function partyOf({ name, address, member }: Party): ExplainedParty {
  return { kind: member === undefined ? "outsider" : "endpoint", name, address };
}

/** `protocol << 16 | port`. */
function keyOf({ protocol, number }: FlowPort): number {
  return (PROTOCOLS[protocol] << 16) | number;
}
