/**
 * All tiers of policy, evaluated pod by pod from their documentation: slow and obvious, with nothing shared with compile.
 * Answers what a world allows; it knows neither gateways nor names of domains.
 */
import type { OverlayEndpoint, World } from "../../controller/model/resources.ts";
import type { FlowPeer, Priority, Subject, TierPeer, Traffic } from "../../controller/model/tiers.ts";
import { egressAnswer, endpointAt, type Flow, ingressAnswer, inside, matches } from "./simple-evaluator.ts";

/** One rule of a tier, as the tier's order has it. */
interface Step {
  readonly subject: Subject;
  readonly action: "Accept" | "Allow" | "Deny" | "Pass";
  readonly peers?: readonly (TierPeer | FlowPeer)[];
  readonly traffic?: readonly Traffic[];
}

type Direction = "ingress" | "egress";

/** May the flow pass? Flows between two outsiders are nobody's business. */
export function mayPass(world: World, flow: Flow): boolean {
  if (world.closed.includes(flow.from) || world.closed.includes(flow.to)) return false;
  if (endpointAt(world, flow.from) === undefined && endpointAt(world, flow.to) === undefined) return false;
  const enforced = {
    ...world,
    policies: world.policies.filter(({ enforcement }) => enforcement !== "Audit"),
    clusterPolicies: world.clusterPolicies.filter(({ enforcement }) => enforcement !== "Audit"),
    flowPolicies: world.flowPolicies.filter(({ enforcement }) => enforcement !== "Audit"),
  };
  return side(enforced, flow, "egress") && side(enforced, flow, "ingress");
}

function side(world: World, flow: Flow, direction: Direction): boolean {
  const subject = endpointAt(world, direction === "egress" ? flow.from : flow.to);
  if (subject === undefined) return true;
  return (
    decided(world, flow, direction, subject, clusterSteps(world, "Admin", direction)) ??
    decided(world, flow, direction, subject, flowSteps(world, direction)) ??
    byNetworkPolicy(world, flow, direction) ??
    decided(world, flow, direction, subject, clusterSteps(world, "Baseline", direction)) ??
    world.overlays[0]?.isolation === "Kubernetes"
  );
}

/** NetworkPolicy decides about the pods that it isolates, and about no others. */
function byNetworkPolicy(world: World, flow: Flow, direction: Direction): boolean | undefined {
  const { allowed, rule } = direction === "egress" ? egressAnswer(world, flow) : ingressAnswer(world, flow);
  return rule.startsWith("default") ? undefined : allowed;
}

function clusterSteps(world: World, tier: string, direction: Direction): Step[] {
  const policies = world.clusterPolicies.filter((policy) => policy.tier === tier).sort(byPriority);
  return policies.flatMap((policy) => policy[direction].map((rule) => ({ subject: policy.subject, ...rule })));
}

function flowSteps(world: World, direction: Direction): Step[] {
  return world.flowPolicies.filter(({ directions }) => directions.includes(direction)).sort(byPriority);
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
): boolean | undefined {
  for (const step of steps) {
    if (!selects(world, step.subject, subject)) continue;
    const peer = direction === "egress" ? flow.to : flow.from;
    if (step.peers !== undefined && !step.peers.some((one) => isPeer(world, one, peer))) continue;
    if (step.traffic !== undefined && !step.traffic.some((one) => isTraffic(world, one, flow))) continue;
    return step.action === "Pass" ? undefined : step.action !== "Deny";
  }
  return undefined;
}

function selects(world: World, { namespaceSelector, podSelector }: Subject, member: OverlayEndpoint): boolean {
  const namespace = world.namespaces.find(({ name }) => name === member.namespace);
  return matches(namespaceSelector, namespace?.labels ?? {}) && matches(podSelector, member.labels);
}

function isPeer(world: World, peer: TierPeer | FlowPeer, address: string): boolean {
  const member = endpointAt(world, address);
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
      return false;
  }
}

function isIdentity(written: string, identity: string): boolean {
  return written.endsWith("/*") ? identity.startsWith(written.slice(0, -1)) : identity === written;
}

function isTraffic(world: World, traffic: Traffic, { to, protocol, port }: Flow): boolean {
  if (!("name" in traffic)) return traffic.protocol === protocol && traffic.first <= port && port <= traffic.last;
  const named = endpointAt(world, to)?.ports.filter((one) => one.name === traffic.name) ?? [];
  const numbers = { TCP: 6, UDP: 17, SCTP: 132 };
  const wanted = named.filter((one) => traffic.protocol === undefined || numbers[one.protocol] === traffic.protocol);
  return wanted.some((one) => numbers[one.protocol] === protocol && one.port === port);
}
