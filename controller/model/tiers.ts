/**
 * Policies of the whole cluster. A direction of a flow asks the tiers in this order until one decides:
 * ClusterNetworkPolicy Admin, FlowPolicy, NetworkPolicy, ClusterNetworkPolicy Baseline, the overlay's isolation.
 *
 * Of what could not be understood the reader leaves denials only, as wide as they could have been meant.
 */
import type { BlockPeer, Origin, PodPeer, Selector } from "./resources.ts";

/** Lower first. Equal ones go by name. */
export type Priority = number;

/** The priority of a policy that could not be read: before all others. */
export const UNREADABLE_PRIORITY = -1;

/** policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy. */
export interface ClusterNetworkPolicy {
  readonly origin: Origin;
  readonly name: string;
  /** Present: the enforced verdict is what it would be without this policy. Annotation `sallyport.dev/enforcement`. */
  readonly enforcement?: "Audit";
  readonly tier: "Admin" | "Baseline";
  /** 0..1000, or UNREADABLE_PRIORITY. */
  readonly priority: Priority;
  readonly subject: Subject;
  /** The first that covers peer and traffic decides. None: nothing is said about this direction. */
  readonly ingress: readonly TierRule[];
  readonly egress: readonly TierRule[];
}

/** Pods and endpoints, never host-network pods. */
export interface Subject {
  readonly namespaceSelector: Selector;
  readonly podSelector: Selector;
}

export interface TierRule {
  /** Index in the object, for messages: `egress[2]`. */
  readonly index: number;
  /** What the object calls it; empty if nothing. */
  readonly name: string;
  /** Pass: go on with the next tier. */
  readonly action: "Accept" | "Deny" | "Pass";
  /** Any of them. Undefined: everybody, outsiders too (an unreadable Deny or Pass). Indexes are those of the object. */
  readonly peers?: readonly TierPeer[];
  /** Any of it. Undefined: all traffic, of every IP protocol. */
  readonly traffic?: readonly Traffic[];
}

export type TierPeer = NamespacedPeer | NodePeer | NetworkPeer | DomainPeer;

/** A peer of NetworkPolicy that says which namespaces; `namespaces` in the object are those with all their pods. */
export type NamespacedPeer = PodPeer & Subject;

/** The addresses of the nodes that the selector matches; egress only. */
export interface NodePeer {
  readonly kind: "nodes";
  readonly selector: Selector;
}

/** Addresses, of pods too; egress only. */
export interface NetworkPeer {
  readonly kind: "networks";
  /** Canonical text. */
  readonly cidrs: readonly string[];
}

/** Flows that carry one of these names; egress and Accept only. */
export interface DomainPeer {
  readonly kind: "domains";
  /** Lower case, without a final dot; `*.` before a name stands for one label or more. */
  readonly names: readonly string[];
}

export type Traffic = NumberedTraffic | NamedTraffic;

export interface NumberedTraffic {
  /** IP protocol number, 0..255. */
  readonly protocol: number;
  /** Destination ports, both included. ICMP: `type << 8 | code`. Protocols without ports: 0 and 65535. */
  readonly first: number;
  readonly last: number;
}

export interface NamedTraffic {
  /** Of a port of the destination. */
  readonly name: string;
  /** IP protocol number; undefined: the port's own, whichever it is. */
  readonly protocol?: number;
}

/** sallyport.dev/v1alpha1 FlowPolicy: one rule. */
export interface FlowPolicy {
  readonly origin: Origin;
  readonly name: string;
  /** Present: the enforced verdict is what it would be without this policy. */
  readonly enforcement?: "Audit";
  /** Undefined: every overlay (unreadable). */
  readonly overlay?: string;
  /** 0..1000, or UNREADABLE_PRIORITY. */
  readonly priority: Priority;
  readonly subject: Subject;
  /** `from` peers: ingress; `to` peers: egress. Both only if unreadable. */
  readonly directions: readonly ("ingress" | "egress")[];
  readonly action: "Allow" | "Deny" | "Pass";
  /** Any of them. Undefined: everybody, outsiders too (unreadable). */
  readonly peers?: readonly FlowPeer[];
  /** Any of it. Undefined: all traffic, of every IP protocol. */
  readonly traffic?: readonly Traffic[];
  /**
   * Gateways to pass in this order, 1..8, of an Allow only; undefined: the overlay's path. A flow that it allows and
   * that can't pass them is denied.
   */
  readonly via?: readonly string[];
}

export type FlowPeer = NamespacedPeer | BlockPeer | IdentityPeer;

/** Members by SPIFFE id. */
export interface IdentityPeer {
  readonly kind: "identity";
  /** A whole id, or one that ends in `/*`: every id that begins with what stands before the `*`. */
  readonly identity: string;
}
