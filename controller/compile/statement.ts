/** What policies of every kind come to: ordered clauses about the members that a selection holds. */

/** In the order in which they are asked. */
export enum Tier {
  /** Addresses of objects that could not be read: nothing that follows may open them. */
  Unreadable = 0,
  Admin = 1,
  Flow = 2,
  Network = 3,
  Baseline = 4,
  Default = 5,
}

/** What a clause says of what it covers. Pass: the next tier is asked. */
export enum Effect {
  Deny = 0,
  Allow = 1,
  Pass = 2,
}

/** What one policy says in one direction about the members it selects. */
export interface Statement {
  /** Such as `NetworkPolicy shop/db`: named where the members are isolated and no clause decides. */
  readonly name: string;
  readonly tier: Tier;
  /** What no clause of its tier covers is denied: NetworkPolicy. */
  readonly isolates: boolean;
  /** Left out of what is enforced. */
  readonly audited: boolean;
  /** Number of a selection. */
  readonly subject: number;
  readonly clauses: readonly Clause[];
}

/** One rule. Clauses are tried in order and the first that covers peer and port decides, in its tier if it passes. */
export interface Clause {
  readonly rule: string;
  readonly effect: Effect;
  readonly tier: Tier;
  readonly audited: boolean;
  /** Index of the path that what is allowed has to take, or NONE: the overlay's. */
  readonly path: number;
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

/** Of ports that can have names. */
export const PROTOCOLS = { TCP: 6, UDP: 17, SCTP: 132 } as const;

export type Direction = "ingress" | "egress";

/** Each direction's in the order in which they are asked. */
export interface Statements {
  readonly ingress: readonly Statement[];
  readonly egress: readonly Statement[];
}

export function isNamed(ports: readonly ClausePort[] | undefined): boolean {
  return ports?.some((port) => "name" in port) ?? false;
}
