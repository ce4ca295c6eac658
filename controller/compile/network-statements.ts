import { NONE } from "../../assembly/wire/image.ts";
import type { NetworkPolicy, Peer, PolicyPort, PolicyRule, Rejection } from "../model/resources.ts";
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

/** What a NetworkPolicy says in a direction. What can't be understood is rejected and allows nothing. */
export function networkStatement(
  policy: NetworkPolicy,
  direction: Direction,
  selections: Selections,
  rejections: Rejection[],
): Statement | undefined {
  const rules = policy[direction];
  if (rules === undefined) return undefined;
  const reader = new RuleReader(policy, direction, selections, rejections);
  return {
    name: `NetworkPolicy ${policy.namespace}/${policy.name}`,
    tier: Tier.Network,
    isolates: true,
    audited: policy.enforcement === "Audit",
    subject: selections.pods({ namespace: policy.namespace, pods: policy.podSelector }),
    clauses: rules.map((rule) => reader.clause(rule)),
  };
}

/** What is left of a policy whose name another one has: they contradict each other. */
export function isolatingOnly({ ingress, egress, ...rest }: NetworkPolicy, rejections: Rejection[]): NetworkPolicy {
  const message =
    "another NetworkPolicy has this name: it isolates the pods it selects but its rules are ignored; rename one";
  rejections.push({ origin: rest.origin, field: "metadata.name", message });
  return { ...rest, ...(ingress && { ingress: [] }), ...(egress && { egress: [] }) };
}

class RuleReader {
  constructor(
    private readonly policy: NetworkPolicy,
    private readonly direction: Direction,
    private readonly selections: Selections,
    private readonly rejections: Rejection[],
  ) {}

  clause(rule: PolicyRule): Clause {
    const peers = (rule.peers ?? []).map((peer, i) =>
      this.peer(peer, `${this.field(rule)}.${PEERS[this.direction]}[${i}]`),
    );
    const ports = rule.ports?.flatMap((port, i) => this.port(port, `${this.field(rule)}.ports[${i}]`));
    return {
      rule: `NetworkPolicy ${this.policy.namespace}/${this.policy.name} ${this.direction}[${rule.index}]`,
      effect: Effect.Allow,
      tier: Tier.Network,
      audited: this.policy.enforcement === "Audit",
      path: NONE,
      everyone: rule.peers === undefined,
      pods: peers.flatMap(({ pods }) => pods ?? []),
      blocks: peers.flatMap(({ block }) => block ?? []),
      ports,
      named: isNamed(ports),
    };
  }

  /** NetworkPolicyPeer: without a namespaceSelector the policy's own namespace is meant. */
  private peer(peer: Peer, field: string): { pods?: number; block?: number } {
    if (peer.kind === "pods") {
      const { namespaceSelector, podSelector } = peer;
      const place =
        namespaceSelector === undefined ? { namespace: this.policy.namespace } : { namespaces: namespaceSelector };
      return { pods: this.selections.pods({ ...place, pods: podSelector }) };
    }
    const block = this.selections.block(peer);
    if (block !== undefined) return { block };
    this.reject(`${field}.ipBlock`, "is not a block with excepted blocks such as 10.0.0.0/8; this peer is ignored");
    return {};
  }

  /** NetworkPolicyPort: no port means all ports of the protocol; endPort is included and needs a numeric port. */
  private port({ protocol, port, endPort }: PolicyPort, field: string): ClausePort[] {
    const base = PROTOCOLS[protocol] << 16;
    if (port === undefined && endPort === undefined) return [{ first: base, last: base | 0xffff }];
    if (typeof port === "string" && endPort === undefined) return [{ name: port, protocol: PROTOCOLS[protocol] }];
    const last = endPort ?? port;
    if (typeof port === "number" && typeof last === "number" && isPort(port) && isPort(last) && port <= last) {
      return [{ first: base | port, last: base | last }];
    }
    this.reject(field, "is not a port, or a range with port <= endPort; this port is ignored");
    return [];
  }

  private field(rule: PolicyRule): string {
    return `spec.${this.direction}[${rule.index}]`;
  }

  private reject(field: string, message: string): void {
    this.rejections.push({ origin: this.policy.origin, field, message });
  }
}

const PEERS = { ingress: "from", egress: "to" } as const;

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65535;
}
