import { isInside, parseAddress, parseBlock } from "../model/address.ts";
import type {
  NetworkPolicy,
  OverlayEndpoint,
  Peer,
  PolicyPort,
  PolicyRule,
  Selector,
  World,
} from "../model/resources.ts";
import { selects } from "../model/selectors.ts";
import type { Direction } from "../offline/statements.ts";
import type { FlowPort, Party, Question } from "./question.ts";

/** A policy that isolates the denied side, and why none of its rules lets the flow pass. */
export interface Obstacle {
  readonly policy: string;
  readonly file: string;
  readonly line: number;
  readonly rules: readonly RuleMiss[];
}

export interface RuleMiss {
  /** Such as `ingress[0]`. */
  readonly rule: string;
  /** What the rule allows that this flow is not; neither: the rule matches but isn't in force. */
  readonly peer?: string;
  readonly port?: string;
}

/**
 * For people only, and computed apart from the verdict: which policies isolate the subject of a denied side, and what
 * each rule would have to say. The flow needs one rule of one policy.
 */
export function obstacles(world: World, question: Question, direction: Direction): Obstacle[] {
  const subject = (direction === "egress" ? question.from : question.to).member?.endpoint;
  if (subject === undefined) return [];
  const isolating = world.policies.filter((policy) => policy[direction] !== undefined && isSelected(policy, subject));
  return isolating.map((policy) => ({
    policy: `${policy.namespace}/${policy.name}`,
    file: policy.origin.file,
    line: policy.origin.line,
    rules: (policy[direction] ?? []).map((rule) => miss(rule, policy, world, question, direction)),
  }));
}

function isSelected(policy: NetworkPolicy, { namespace, labels }: OverlayEndpoint): boolean {
  return policy.namespace === namespace && selects(policy.podSelector, labels);
}

function miss(
  rule: PolicyRule,
  policy: NetworkPolicy,
  world: World,
  { from, to, port }: Question,
  direction: Direction,
): RuleMiss {
  const other = direction === "egress" ? to : from;
  const isPeer = rule.peers?.some((peer) => matchesPeer(peer, policy, world, other)) ?? true;
  const isPort = rule.ports?.some((allowed) => matchesPort(allowed, to, port)) ?? true;
  return {
    rule: `${direction}[${rule.index}]`,
    ...(!isPeer && { peer: (rule.peers ?? []).map((peer) => peerText(peer, policy)).join(", or ") }),
    ...(!isPort && { port: (rule.ports ?? []).map(portText).join(", ") }),
  };
}

function matchesPeer(peer: Peer, policy: NetworkPolicy, world: World, { address, member }: Party): boolean {
  if (peer.kind === "block")
    return isCovered(address, peer.cidr) && !peer.except.some((block) => isCovered(address, block));
  if (member === undefined) return false;
  const { namespace, labels } = member.endpoint;
  if (!selects(peer.podSelector, labels)) return false;
  if (peer.namespaceSelector === undefined) return namespace === policy.namespace;
  return selects(peer.namespaceSelector, world.namespaces.find(({ name }) => name === namespace)?.labels ?? {});
}

function isCovered(address: string, cidr: string): boolean {
  const block = parseBlock(cidr);
  const bytes = parseAddress(address);
  return block !== undefined && bytes !== undefined && isInside(bytes, block);
}

function matchesPort({ protocol, port, endPort }: PolicyPort, to: Party, flow: FlowPort): boolean {
  if (protocol !== flow.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === "number") return flow.number >= port && flow.number <= (endPort ?? port);
  const named = to.member?.endpoint.ports.find((its) => its.name === port && its.protocol === protocol);
  return named?.port === flow.number;
}

function peerText(peer: Peer, policy: NetworkPolicy): string {
  if (peer.kind === "block")
    return peer.except.length === 0 ? peer.cidr : `${peer.cidr} except ${peer.except.join(", ")}`;
  const pods = selectorText(peer.podSelector, "all endpoints");
  if (peer.namespaceSelector === undefined) return `${pods} in ${policy.namespace}`;
  return `${pods} in ${selectorText(peer.namespaceSelector, "any namespace", "namespaces with ")}`;
}

function selectorText({ requirements }: Selector, all: string, prefix = ""): string {
  if (requirements.length === 0) return all;
  const texts = requirements.map(({ key, operator, values }) => {
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `no ${key}`;
    if (values.length === 1) return `${key}${operator === "In" ? "=" : "!="}${values[0]}`;
    return `${key} ${operator === "In" ? "in" : "not in"} (${values.join(", ")})`;
  });
  return prefix + texts.join(" and ");
}

function portText({ protocol, port, endPort }: PolicyPort): string {
  if (port === undefined) return `all ${protocol} ports`;
  return endPort === undefined ? `${port}/${protocol}` : `${port}-${endPort}/${protocol}`;
}
