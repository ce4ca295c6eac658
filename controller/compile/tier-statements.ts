import { NONE } from "../../assembly/wire/image.ts";
import type { Rejection, World } from "../model/resources.ts";
import { EVERYTHING, selects } from "../model/selectors.ts";
import type {
  ClusterNetworkPolicy,
  FlowPeer,
  FlowPolicy,
  Priority,
  Subject,
  TierPeer,
  Traffic,
} from "../model/tiers.ts";
import { compareText, placeOf } from "./order.ts";
import type { Paths } from "./paths.ts";
import type { Selections } from "./selections.ts";
import {
  type Clause,
  type ClausePort,
  type Direction,
  Effect,
  isNamed,
  PROTOCOLS,
  type Statement,
  Tier,
} from "./statement.ts";

const EFFECTS = { Accept: Effect.Allow, Allow: Effect.Allow, Deny: Effect.Deny, Pass: Effect.Pass } as const;
const TIERS = { Admin: Tier.Admin, Baseline: Tier.Baseline } as const;

/** Reads what the policies of the whole cluster say about the members of an overlay. */
export class TierStatements {
  constructor(
    private readonly nodes: World["nodes"],
    private readonly selections: Selections,
    private readonly paths: Paths,
  ) {}

  /** What a ClusterNetworkPolicy says in a direction. */
  cluster(policy: ClusterNetworkPolicy, direction: Direction): Statement | undefined {
    if (policy[direction].length === 0) return undefined;
    const name = `ClusterNetworkPolicy ${policy.name}`;
    const frame = { tier: TIERS[policy.tier], audited: policy.enforcement === "Audit" };
    const clauses = policy[direction].map(({ index, action, peers, traffic }) =>
      this.clause(peers, traffic, { ...frame, rule: `${name} ${direction}[${index}]`, effect: EFFECTS[action] }),
    );
    return { ...frame, name, isolates: false, subject: this.subject(policy.subject), clauses };
  }

  /** What a FlowPolicy says in a direction. */
  flow(policy: FlowPolicy, direction: Direction, rejections: Rejection[]): Statement | undefined {
    if (!policy.directions.includes(direction)) return undefined;
    const name = `FlowPolicy ${policy.name}`;
    const frame = { tier: Tier.Flow, audited: policy.enforcement === "Audit" };
    const effect = this.effect(policy, rejections);
    const clause = this.clause(policy.peers, policy.traffic, { ...frame, rule: name, ...effect });
    return { ...frame, name, isolates: false, subject: this.subject(policy.subject), clauses: [clause] };
  }

  /** Nothing reaches the addresses of objects that could not be read, and they reach nothing. */
  unreadable(closed: World["closed"]): Statement[] {
    if (closed.length === 0) return [];
    const frame = { tier: Tier.Unreadable, audited: false };
    const blocks = [this.selections.addresses(closed)];
    const name = "unreadable object";
    const clause = { ...frame, rule: name, effect: Effect.Deny, path: NONE, everyone: false, pods: [], blocks };
    const subject = this.subject({ namespaceSelector: EVERYTHING, podSelector: EVERYTHING });
    return [{ ...frame, name, isolates: false, subject, clauses: [{ ...clause, ports: undefined, named: false }] }];
  }

  /** A flow that has to pass gateways that aren't there passes none: it is denied, not sent another way. */
  private effect(
    { action, via, origin }: FlowPolicy,
    rejections: Rejection[],
  ): Pick<Clause, "effect"> & { path?: number } {
    if (via === undefined || action !== "Allow") return { effect: EFFECTS[action] };
    const path = this.paths.index(via);
    if (typeof path === "number") return { effect: Effect.Allow, path };
    const { place, message } = path;
    const field = place === undefined ? "spec.via" : `spec.via[${place}]`;
    rejections.push({ origin, field, message: `${message}; until then what it would allow is denied` });
    return { effect: Effect.Deny };
  }

  private subject({ namespaceSelector: namespaces, podSelector: pods }: Subject): number {
    return this.selections.pods({ namespaces, pods });
  }

  private clause(
    peers: readonly (TierPeer | FlowPeer)[] | undefined,
    traffic: readonly Traffic[] | undefined,
    frame: Pick<Clause, "rule" | "effect" | "tier" | "audited"> & { readonly path?: number },
  ): Clause {
    const ports = traffic?.flatMap(portsOf);
    const numbers = (peers ?? []).map((peer) => this.peer(peer));
    return {
      path: NONE,
      ...frame,
      everyone: peers === undefined,
      pods: numbers.flatMap(({ pods }) => pods ?? []),
      blocks: numbers.flatMap(({ blocks }) => blocks ?? []),
      ports,
      named: isNamed(ports),
    };
  }

  private peer(peer: TierPeer | FlowPeer): { pods?: number; blocks?: number[] } {
    switch (peer.kind) {
      case "pods":
        return { pods: this.subject(peer) };
      case "identity":
        return { pods: this.selections.pods({ identity: peer.identity }) };
      case "nodes": {
        const nodes = this.nodes.filter(({ labels }) => selects(peer.selector, labels));
        return { blocks: [this.selections.addresses(nodes.flatMap(({ addresses }) => addresses))] };
      }
      case "networks":
        return { blocks: peer.cidrs.flatMap((cidr) => this.selections.block({ cidr, except: [] }) ?? []) };
      case "block":
        return { blocks: [this.selections.block(peer) ?? []].flat() };
      // No flow that a proxy carries today comes with a name.
      case "domains":
        return {};
    }
  }
}

/** Lower first, "policies with lower priority values have higher precedence"; equal ones by name, then by place. */
export function byPriority(a: Ranked, b: Ranked): number {
  return a.priority - b.priority || compareText(a.name, b.name) || compareText(placeOf(a), placeOf(b));
}

type Ranked = Pick<FlowPolicy, "origin" | "name"> & { readonly priority: Priority };

/** A name without a protocol means the port of that name, whichever its protocol is. */
function portsOf(traffic: Traffic): ClausePort[] {
  if (!("name" in traffic)) {
    const { protocol, first, last } = traffic;
    return [{ first: (protocol << 16) | first, last: (protocol << 16) | last }];
  }
  const protocols = traffic.protocol === undefined ? Object.values(PROTOCOLS) : [traffic.protocol];
  return protocols.map((protocol) => ({ name: traffic.name, protocol }));
}
