/**
 * All tiers of policy, evaluated flow by flow from their documentation: the API comments of ClusterNetworkPolicy
 * (policy.networking.k8s.io/v1alpha2) and what we say of FlowPolicy. Slow and obvious, with nothing shared with compile.
 */
import type { OverlayEndpoint, World } from "../../controller/model/resources.ts";
import type { FlowPeer, Priority, Subject, TierPeer, Traffic } from "../../controller/model/tiers.ts";
import {
  egressAnswer,
  type Flow,
  ingressAnswer,
  inside,
  matches,
  memberAt,
  namespaceLabels,
} from "./simple-evaluator.ts";

/** What one side of a flow says. */
export interface SideDecision {
  readonly allowed: boolean;
  /** What decided: `ClusterNetworkPolicy c ingress[1]`, `NetworkPolicy a/p` or `default deny`. */
  readonly rule: string;
  /** The gateways that the FlowPolicy which decided names. */
  readonly via?: readonly string[];
}

export interface Decision {
  readonly egress: SideDecision;
  readonly ingress: SideDecision;
  /** Names of the gateways that an allowed flow passes; undefined: it is denied. */
  readonly path?: readonly string[];
}

/** May the flow pass? */
export function mayPass(world: World, flow: Flow): boolean {
  return decision(world, flow).path !== undefined;
}

/** What is enforced: as if audited policies weren't there, and in an audited overlay as if there were no policies. */
export function decision(world: World, flow: Flow): Decision {
  const isEnforced = (policy: { enforcement?: "Audit" }) => policy.enforcement !== "Audit";
  const enforced: World = {
    ...world,
    policies: world.policies.filter(isEnforced),
    clusterPolicies: world.clusterPolicies.filter(isEnforced),
    flowPolicies: world.flowPolicies.filter(isEnforced),
  };
  const isAudited = world.overlays[0]?.enforcement === "Audit";
  return whole(world, (direction) => (isAudited ? anything(world, flow, direction) : side(enforced, flow, direction)));
}

/** What it would be, were nothing audited. */
export function wouldBe(world: World, flow: Flow): Decision {
  return whole(world, (direction) => side(world, flow, direction));
}

type Direction = "ingress" | "egress";

/** A flow needs both sides, and can't pass two lists of gateways. */
function whole(world: World, sideOf: (direction: Direction) => SideDecision): Decision {
  const [egress, ingress] = [sideOf("egress"), sideOf("ingress")];
  if (!egress.allowed || !ingress.allowed) return { egress, ingress };
  const isConflict =
    egress.via !== undefined && ingress.via !== undefined && String(egress.via) !== String(ingress.via);
  if (isConflict) return { egress, ingress };
  return { egress, ingress, path: egress.via ?? ingress.via ?? world.overlays[0]?.path ?? [] };
}

/** Auditing an overlay lets through what its policies could decide: nothing between outsiders, nothing that is closed. */
function anything(world: World, flow: Flow, direction: Direction): SideDecision {
  const real = side(world, flow, direction);
  return ["unreadable object", "outside the overlay"].includes(real.rule)
    ? real
    : { allowed: true, rule: "audited overlay" };
}

function side(world: World, flow: Flow, direction: Direction): SideDecision {
  const byNetworkPolicy = direction === "egress" ? egressAnswer(world, flow) : ingressAnswer(world, flow);
  const subject = memberAt(world, direction === "egress" ? flow.from : flow.to);
  // No policy selects an outsider.
  if (subject === undefined) return byNetworkPolicy;
  const isClosed = world.closed.includes(flow.from) || world.closed.includes(flow.to);
  if (isClosed) return { allowed: false, rule: "unreadable object" };
  const first = (steps: readonly Step[]) => decided(world, flow, direction, subject, steps);
  // NetworkPolicy decides about the pods that it isolates, and about no others.
  const isIsolated = !byNetworkPolicy.rule.startsWith("default");
  return (
    first(clusterSteps(world, "Admin", direction)) ??
    first(flowSteps(world, direction)) ??
    (isIsolated ? byNetworkPolicy : undefined) ??
    first(clusterSteps(world, "Baseline", direction)) ??
    byNetworkPolicy
  );
}

/** One rule of a tier, as the tier's order has it. */
interface Step {
  readonly rule: string;
  readonly subject: Subject;
  readonly action: "Accept" | "Allow" | "Deny" | "Pass";
  readonly peers?: readonly (TierPeer | FlowPeer)[];
  readonly traffic?: readonly Traffic[];
  readonly via?: readonly string[];
}

function clusterSteps(world: World, tier: string, direction: Direction): Step[] {
  const policies = world.clusterPolicies.filter((policy) => policy.tier === tier).sort(byPriority);
  return policies.flatMap(({ name, subject, ...policy }) =>
    policy[direction].map((one) => ({
      ...one,
      subject,
      rule: `ClusterNetworkPolicy ${name} ${direction}[${one.index}]`,
    })),
  );
}

/** A FlowPolicy that names no overlay couldn't be read: it denies in each. */
function flowSteps(world: World, direction: Direction): Step[] {
  return world.flowPolicies
    .filter(({ overlay = world.overlays[0]?.name }) => overlay === world.overlays[0]?.name)
    .filter(({ directions }) => directions.includes(direction))
    .sort(byPriority)
    .map((policy) => ({ ...policy, rule: `FlowPolicy ${policy.name}` }));
}

/** "Policies with lower priority values have higher precedence"; equal ones go by name. */
function byPriority(a: { priority: Priority; name: string }, b: { priority: Priority; name: string }): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : 1);
}

/** What the first step says that covers the flow; undefined: the next tier decides. */
function decided(
  world: World,
  flow: Flow,
  direction: Direction,
  subject: OverlayEndpoint,
  steps: readonly Step[],
): SideDecision | undefined {
  for (const { rule, action, via, ...step } of steps) {
    if (!selects(world, step.subject, subject)) continue;
    const peer = direction === "egress" ? flow.to : flow.from;
    if (step.peers !== undefined && !step.peers.some((one) => isPeer(world, one, peer))) continue;
    if (step.traffic !== undefined && !step.traffic.some((one) => isTraffic(world, one, flow))) continue;
    if (action === "Pass") return undefined;
    if (action === "Deny") return { allowed: false, rule };
    if (via === undefined) return { allowed: true, rule };
    return isPassable(world, via) ? { allowed: true, rule, via } : { allowed: false, rule };
  }
  return undefined;
}

/** One to eight gateways of this overlay, each once. */
function isPassable(world: World, via: readonly string[]): boolean {
  const overlay = world.overlays[0]?.name ?? "";
  const isKnown = (name: string) => world.gateways.some((one) => one.name === name && one.overlays.includes(overlay));
  return via.length >= 1 && via.length <= 8 && via.every(isKnown) && new Set(via).size === via.length;
}

function selects(world: World, { namespaceSelector, podSelector }: Subject, member: OverlayEndpoint): boolean {
  return matches(namespaceSelector, namespaceLabels(world, member.namespace)) && matches(podSelector, member.labels);
}

function isPeer(world: World, peer: TierPeer | FlowPeer, address: string): boolean {
  const member = memberAt(world, address);
  switch (peer.kind) {
    case "pods":
      return member !== undefined && selects(world, peer, member);
    case "nodes":
      return world.nodes.some((node) => matches(peer.selector, node.labels) && node.addresses.includes(address));
    case "networks":
      return peer.cidrs.some((cidr) => inside(address, cidr));
    case "block":
      return inside(address, peer.cidr) && !peer.except.some((hole) => inside(address, hole));
    case "identity":
      return member !== undefined && isIdentity(peer.identity, member.identity);
    case "domains":
      // No flow carries a name.
      return false;
  }
}

function isIdentity(written: string, identity: string): boolean {
  return written.endsWith("/*") ? identity.startsWith(written.slice(0, -1)) : identity === written;
}

const NUMBERS = { TCP: 6, UDP: 17, SCTP: 132 };

/** Of ports that share name and protocol the first counts, as in NetworkPolicy. */
function isTraffic(world: World, traffic: Traffic, { to, protocol, port }: Flow): boolean {
  if (traffic.protocol !== undefined && traffic.protocol !== protocol) return false;
  if (!("name" in traffic)) return traffic.first <= port && port <= traffic.last;
  const ports = memberAt(world, to)?.ports ?? [];
  return ports.find((one) => one.name === traffic.name && NUMBERS[one.protocol] === protocol)?.port === port;
}
