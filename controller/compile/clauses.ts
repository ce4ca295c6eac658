import { Action } from "../../assembly/wire/image.ts";
import type { NetworkPolicy, Peer, PolicyPort, PolicyRule, Rejection } from "../model/resources.ts";
import type { Selections } from "./selections.ts";

/** What one policy says in one direction about the pods it selects. */
export interface Statement {
  /** Such as `NetworkPolicy shop/db`: named where the pods are isolated and no clause decides. */
  readonly name: string;
  /** Number of a selection. */
  readonly subject: number;
  readonly clauses: readonly Clause[];
}

/**
 * One rule. Clauses are tried in order and the first that covers peer and port decides. NetworkPolicy only allows;
 * tiers that also deny or pass put their clauses before or after these.
 */
export interface Clause {
  readonly rule: string;
  readonly action: Action;
  /** Every peer, outsiders too. */
  readonly everyone: boolean;
  /** Numbers of selections and of blocks: the peers, any of them. */
  readonly pods: readonly number[];
  readonly blocks: readonly number[];
  /** Undefined: every port of every protocol. */
  readonly ports: readonly ClausePort[] | undefined;
  /** Some port is a name, so the ports depend on the destination. */
  readonly named: boolean;
}

export type ClausePort = NumberedPorts | NamedPortOf;

/** Keys `protocol << 16 | port`, both included. */
export interface NumberedPorts {
  readonly first: number;
  readonly last: number;
}

export interface NamedPortOf {
  readonly name: string;
  /** IP protocol number. */
  readonly protocol: number;
}

export const PROTOCOLS = { TCP: 6, UDP: 17, SCTP: 132 } as const;

export interface Statements {
  readonly ingress: readonly Statement[];
  readonly egress: readonly Statement[];
}

/** Statements of all policies, ordered by policy name. What can't be understood is rejected and allows nothing. */
export function statementsOf(
  policies: readonly NetworkPolicy[],
  selections: Selections,
  rejections: Rejection[],
): Statements {
  const ingress: Statement[] = [];
  const egress: Statement[] = [];
  for (const policy of distinctPolicies(policies, rejections)) {
    const subject = selections.pods({ namespace: policy.namespace, pods: policy.podSelector });
    const state = (direction: "ingress" | "egress", rules: readonly PolicyRule[]): Statement => {
      const name = `NetworkPolicy ${policy.namespace}/${policy.name}`;
      const reader = new RuleReader(policy, direction, selections, rejections);
      return { name, subject, clauses: rules.map((rule) => reader.clause(rule)) };
    };
    if (policy.ingress !== undefined) ingress.push(state("ingress", policy.ingress));
    if (policy.egress !== undefined) egress.push(state("egress", policy.egress));
  }
  return { ingress, egress };
}

/** Sorted by name. Policies that share a name contradict each other: they isolate what they select, and allow nothing. */
function distinctPolicies(policies: readonly NetworkPolicy[], rejections: Rejection[]): NetworkPolicy[] {
  const named = new Map<string, NetworkPolicy[]>();
  for (const policy of policies) {
    const name = `${policy.namespace}/${policy.name}`;
    const same = named.get(name);
    if (same === undefined) named.set(name, [policy]);
    else same.push(policy);
  }
  const sorted = [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, same]) => same);
  return sorted.flatMap((same) => (same.length === 1 ? same : same.map((policy) => isolatingOnly(policy, rejections))));
}

function isolatingOnly(policy: NetworkPolicy, rejections: Rejection[]): NetworkPolicy {
  const message =
    "another NetworkPolicy has this name: it isolates the pods it selects but its rules are ignored; rename one";
  rejections.push({ origin: policy.origin, field: "metadata.name", message });
  const { ingress, egress, ...rest } = policy;
  return { ...rest, ...(ingress && { ingress: [] }), ...(egress && { egress: [] }) };
}

class RuleReader {
  constructor(
    private readonly policy: NetworkPolicy,
    private readonly direction: "ingress" | "egress",
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
      action: Action.Allow,
      everyone: rule.peers === undefined,
      pods: peers.flatMap(({ pods }) => pods ?? []),
      blocks: peers.flatMap(({ block }) => block ?? []),
      ports,
      named: ports?.some((port) => "name" in port) ?? false,
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
