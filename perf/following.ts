/** What a world costs that differs from the one before in one object, in one process after a first compilation. */
import { Compiler } from "../controller/compile/compile.ts";
import type { NetworkPolicy, OverlayEndpoint, Selector, World } from "../controller/model/resources.ts";
import type { ClusterNetworkPolicy, FlowPolicy } from "../controller/model/tiers.ts";
import { OVERLAY } from "./worlds.ts";

/** An edit: the world after it. Edits follow each other. */
export type Edit = (world: World, number: number) => World;

export const EDITS: Readonly<Record<string, Edit>> = {
  "a pod's labels": (world, n) => withEndpoint(world, n, relabelled),
  "a pod's address": (world, n) =>
    withEndpoint(world, n, (pod) => ({ ...pod, addresses: [`10.101.${n >>> 8}.${n & 255}`] })),
  "a pod added": (world, n) => {
    const like = world.endpoints[place(n, world.endpoints)] as OverlayEndpoint;
    const added = { ...like, name: `added-${n}`, addresses: [freeAddress(n)] };
    return { ...world, endpoints: [...world.endpoints, added] };
  },
  "a pod removed": (world, n) => {
    const at = place(n, world.endpoints);
    return { ...world, endpoints: world.endpoints.filter((_, i) => i !== at) };
  },
  "a NetworkPolicy's port": (world, n) => {
    const at = place(n, world.policies);
    return { ...world, policies: replaced(world.policies, at, withPort(world.policies[at] as NetworkPolicy, n)) };
  },
  "a NetworkPolicy's peer": (world, n) => {
    const at = place(n, world.policies);
    return {
      ...world,
      policies: replaced(world.policies, at, withPeer(world.policies[at] as NetworkPolicy, world, n)),
    };
  },
  "a ClusterNetworkPolicy": (world, n) => ({ ...world, clusterPolicies: [clusterPolicy(world, n)] }),
  "a FlowPolicy": (world, n) => ({ ...world, flowPolicies: [flowPolicy(world, n)] }),
};

export interface EditCosts {
  readonly edit: string;
  readonly ms: readonly number[];
  /** Of all threads, so that a busy machine counts less. */
  readonly cpuMs: readonly number[];
  /** How many of them had to be compiled from the beginning. */
  readonly restarts: number;
}

/** Each kind of edit `count` times. */
export function editCosts(first: World, count: number): EditCosts[] {
  const compiler = new Compiler(OVERLAY);
  let world = first;
  compiler.update(world);
  return Object.entries(EDITS).map(([edit, change]) => {
    const before = compiler.restarts;
    const cpuMs: number[] = [];
    const ms = Array.from({ length: count }, (_, n) => {
      world = change(world, n);
      const [start, cpu] = [performance.now(), process.cpuUsage()];
      compiler.update(world);
      const { user, system } = process.cpuUsage(cpu);
      cpuMs.push((user + system) / 1000);
      return performance.now() - start;
    });
    return { edit, ms, cpuMs, restarts: compiler.restarts - before };
  });
}

/** Somewhere else each time. */
function place(n: number, list: readonly unknown[]): number {
  return ((n + 1) * 7919) % list.length;
}

function replaced<T>(list: readonly T[], at: number, value: T): T[] {
  return list.map((one, i) => (i === at ? value : one));
}

function withEndpoint(world: World, n: number, change: (pod: OverlayEndpoint, world: World) => OverlayEndpoint): World {
  const at = place(n, world.endpoints);
  return { ...world, endpoints: replaced(world.endpoints, at, change(world.endpoints[at] as OverlayEndpoint, world)) };
}

/** The labels of another pod. */
function relabelled(pod: OverlayEndpoint, { endpoints }: World): OverlayEndpoint {
  const other = endpoints[(endpoints.indexOf(pod) * 31 + 1) % endpoints.length] as OverlayEndpoint;
  return { ...pod, labels: other.labels };
}

function freeAddress(n: number): string {
  return `10.100.${n >>> 8}.${n & 255}`;
}

function withPort(policy: NetworkPolicy, n: number): NetworkPolicy {
  const rule = { index: 0, ports: [{ protocol: "TCP" as const, port: 20000 + n }] };
  return { ...policy, ingress: [rule, ...(policy.ingress ?? [])].map((one, index) => ({ ...one, index })) };
}

/** A peer that nobody named before: one pod by a label of its own. */
function withPeer(policy: NetworkPolicy, world: World, n: number): NetworkPolicy {
  const peers = [{ kind: "pods" as const, namespaceSelector: { requirements: [] }, podSelector: onePod(world, n) }];
  const rules = [{ index: 0, peers }, ...(policy.egress ?? [])].map((rule, index) => ({ ...rule, index }));
  return { ...policy, egress: rules };
}

function onePod({ endpoints }: World, n: number): Selector {
  const { labels } = endpoints[(n * 104729 + 13) % endpoints.length] as OverlayEndpoint;
  const [key, value] = Object.entries(labels).find(([key]) => key === "instance" || key === "id") as [string, string];
  return { requirements: [{ key, operator: "In", values: [value] }] };
}

function clusterPolicy({ namespaces }: World, n: number): ClusterNetworkPolicy {
  const origin = { file: "generated", line: 1, kind: "ClusterNetworkPolicy", name: "edited" };
  const name = namespaces[n % namespaces.length]?.name as string;
  const subject = { namespaceSelector: named(name), podSelector: { requirements: [] } };
  const traffic = [{ protocol: 6, first: 30000 + n, last: 30000 + n }];
  const rule = { index: 0, name: "", action: "Deny" as const, peers: [{ kind: "pods" as const, ...subject }], traffic };
  return { origin, name: "edited", tier: "Admin", priority: 1, subject, ingress: [rule], egress: [] };
}

function flowPolicy({ namespaces }: World, n: number): FlowPolicy {
  const origin = { file: "generated", line: 1, kind: "FlowPolicy", name: "edited" };
  const name = namespaces[n % namespaces.length]?.name as string;
  const subject = { namespaceSelector: named(name), podSelector: { requirements: [] } };
  const traffic = [{ protocol: 6, first: 31000 + n, last: 31000 + n }];
  const facts = { overlay: OVERLAY, priority: 1, subject, directions: ["egress" as const], action: "Allow" as const };
  return { origin, name: "edited", ...facts, peers: [{ kind: "pods", ...subject }], traffic, via: ["edge-b"] };
}

function named(name: string): Selector {
  return { requirements: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [name] }] };
}
