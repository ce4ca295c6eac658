import { type AddressRange, blockRanges, without } from "../compile/ranges.ts";
import { IP_PROTOCOLS } from "../model/protocols.ts";
import type {
  BlockPeer,
  NetworkPolicy,
  Origin,
  Peer,
  PolicyPort,
  PolicyRule,
  Selector,
  World,
} from "../model/resources.ts";
import type { ClusterNetworkPolicy, FlowPeer, FlowPolicy, TierPeer, Traffic } from "../model/tiers.ts";
import type { Path } from "../read/issue.ts";

/** Any policy, as people are told about it. */
export interface Statement {
  readonly origin: Origin;
  /** `namespace/name`, or `name` for cluster-scoped kinds. */
  readonly name: string;
  /** Of a NetworkPolicy: where it selects, and where peers without a namespaceSelector are. */
  readonly namespace?: string;
  readonly subject: PodsOf;
  readonly subjectPath: Path;
  /** Policies that are asked one after the other until a rule decides, by rank; equal ranks in one `tier`. */
  readonly tier: "NetworkPolicy" | "Admin" | "FlowPolicy" | "Baseline";
  readonly priority: number;
  readonly rules: readonly Rule[];
  /** NetworkPolicy: in these directions what no rule covers is denied. */
  readonly isolates: readonly Direction[];
  /** Undefined: every overlay. */
  readonly overlay?: string;
  readonly enforcement?: "Audit";
}

export type Direction = "ingress" | "egress";

export interface Rule {
  readonly direction: Direction;
  readonly path: Path;
  readonly action: "Allow" | "Deny" | "Pass";
  /** Gateways that what it allows has to pass; undefined: the overlay's. */
  readonly via?: readonly string[];
  /** Undefined: everybody. */
  readonly peers?: readonly (RulePeer & { readonly path: Path })[];
  /** Undefined: all traffic. */
  readonly traffic?: readonly (Traffic & { readonly path: Path })[];
}

export type RulePeer =
  | { readonly kind: "pods"; readonly pods: PodsOf }
  | { readonly kind: "addresses"; readonly text: string; readonly ranges: readonly AddressRange[] }
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "identity"; readonly identity: string }
  | { readonly kind: "nodes"; readonly selector: Selector };

/** Pods that a selector matches, in one namespace or in those that another matches. */
export type PodsOf = { readonly pods: Selector } & ({ readonly namespace: string } | { readonly namespaces: Selector });

export function statementsOf(world: World): Statement[] {
  return [
    ...world.policies.map(networkPolicy),
    ...world.clusterPolicies.map(clusterPolicy),
    ...world.flowPolicies.map(flowPolicy),
  ];
}

function networkPolicy(policy: NetworkPolicy): Statement {
  const { origin, namespace, podSelector, ingress = [], egress = [], enforcement } = policy;
  const rules = (direction: Direction, all: readonly PolicyRule[]): Rule[] =>
    all.map(({ index, peers, ports }) => {
      const path = ["spec", direction, index];
      const list = direction === "ingress" ? "from" : "to";
      return {
        direction,
        path,
        action: "Allow",
        ...(peers && { peers: peers.map((peer, i) => ({ ...podOrBlock(peer, namespace), path: [...path, list, i] })) }),
        ...(ports && { traffic: ports.map((port, i) => ({ ...trafficOf(port), path: [...path, "ports", i] })) }),
      };
    });
  return {
    origin,
    name: `${namespace}/${policy.name}`,
    namespace,
    isolates: (["ingress", "egress"] as const).filter((direction) => policy[direction] !== undefined),
    ...(enforcement && { enforcement }),
    subject: { namespace, pods: podSelector },
    subjectPath: ["spec", "podSelector"],
    tier: "NetworkPolicy",
    priority: 0,
    rules: [...rules("ingress", ingress), ...rules("egress", egress)],
  };
}

function clusterPolicy(policy: ClusterNetworkPolicy): Statement {
  const { origin, name, tier, priority, subject, ingress, egress, enforcement } = policy;
  const rules = (direction: Direction, all: ClusterNetworkPolicy["ingress"]): Rule[] =>
    all.map(({ index, action, peers, traffic }) => {
      const path = ["spec", direction, index];
      const list = direction === "ingress" ? "from" : "to";
      return {
        direction,
        path,
        action: action === "Accept" ? "Allow" : action,
        ...(peers && { peers: peers.map((peer, i) => ({ ...tierPeer(peer), path: [...path, list, i] })) }),
        ...(traffic && { traffic: traffic.map((one, i) => ({ ...one, path: [...path, "protocols", i] })) }),
      };
    });
  const all = [...rules("ingress", ingress), ...rules("egress", egress)];
  const about = { origin, name, subject: subjectOf(subject), subjectPath: ["spec", "subject"] };
  return { ...about, tier, priority, rules: all, isolates: [], ...(enforcement && { enforcement }) };
}

function flowPolicy(policy: FlowPolicy): Statement {
  const { origin, name, priority, subject, directions, action, peers, traffic, via, enforcement, overlay } = policy;
  const rules = directions.map((direction): Rule => {
    const list = direction === "ingress" ? "from" : "to";
    return {
      direction,
      path: ["spec"],
      action,
      ...(via && action === "Allow" && { via }),
      ...(peers && { peers: peers.map((peer, i) => ({ ...flowPeer(peer), path: ["spec", list, i] })) }),
      ...(traffic && { traffic: traffic.map((one) => ({ ...one, path: ["spec", "ports"] })) }),
    };
  });
  return {
    ...{ origin, name, subject: subjectOf(subject), subjectPath: ["spec", "subject"], priority, rules, isolates: [] },
    tier: "FlowPolicy",
    ...(overlay !== undefined && { overlay }),
    ...(enforcement && { enforcement }),
  };
}

function subjectOf({ namespaceSelector, podSelector }: ClusterNetworkPolicy["subject"]): PodsOf {
  return { namespaces: namespaceSelector, pods: podSelector };
}

function podOrBlock(peer: Peer, namespace: string): RulePeer {
  if (peer.kind === "block") return addresses(peer);
  const { namespaceSelector: namespaces, podSelector: pods } = peer;
  return { kind: "pods", pods: namespaces === undefined ? { namespace, pods } : { namespaces, pods } };
}

function tierPeer(peer: TierPeer): RulePeer {
  if (peer.kind === "pods") return { kind: "pods", pods: subjectOf(peer) };
  if (peer.kind === "nodes") return { kind: "nodes", selector: peer.selector };
  if (peer.kind === "domains") return { kind: "names", names: peer.names };
  return {
    kind: "addresses",
    text: peer.cidrs.join(", "),
    ranges: peer.cidrs.flatMap((cidr) => blockRanges(cidr) ?? []),
  };
}

function flowPeer(peer: FlowPeer): RulePeer {
  if (peer.kind === "pods") return { kind: "pods", pods: subjectOf(peer) };
  return peer.kind === "identity" ? peer : addresses(peer);
}

function addresses({ cidr, except }: BlockPeer): RulePeer {
  const holes = except.flatMap((text) => blockRanges(text) ?? []);
  const ranges = holes.reduce<readonly AddressRange[]>(without, blockRanges(cidr) ?? []);
  return { kind: "addresses", text: cidr, ranges };
}

function trafficOf({ protocol: name, port, endPort }: PolicyPort): Traffic {
  const protocol = IP_PROTOCOLS[name];
  if (typeof port === "string") return { name: port, protocol };
  return { protocol, first: port ?? 0, last: endPort ?? port ?? 0xffff };
}
