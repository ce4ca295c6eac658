/** What an opt-in changes for a namespace's pods, of the flows that work in a mesh without it. Pure. */
import { compile } from "../compile/compile.ts";
import { type Difference, differences } from "../diff/compare.ts";
import type { Alike } from "../diff/parties.ts";
import type { World } from "../model/resources.ts";

export interface Change {
  /** Between members, at least one of them of the namespace. */
  readonly differences: readonly Difference[];
  /** `namespace/name` of those that join. */
  readonly joining: readonly string[];
  /** Namespaces whose pods are no members: the guard refuses them. */
  readonly outsiders: readonly string[];
}

/**
 * `world` is that in which the namespace is opted in. Before, everybody who is to be a member reached everybody at every port;
 * flows between others stay as they are. Namespaces of the mesh's `infrastructure` are no outsiders that anybody asks about.
 */
export function changeOf(
  world: World,
  overlay: string,
  namespace: string,
  infrastructure: readonly string[] = [],
): Change {
  const enforced: World = {
    ...world,
    overlays: world.overlays.map((one) => ({ ...one, enforcement: "Enforce" as const })),
  };
  const now = compile(enforced, overlay).policy;
  const open: World = {
    ...enforced,
    overlays: enforced.overlays.map((one) => ({ ...one, isolation: "Kubernetes" as const })),
    policies: [],
    clusterPolicies: [],
    flowPolicies: [],
  };
  const before = compile(open, overlay).policy;
  const isJoining = (name: string) => name.startsWith(`${namespace}/`);
  const all = differences(before, now).filter(({ change }) => change !== "moves");
  const members = now.endpoints.map(({ endpoint }) => `${endpoint.namespace}/${endpoint.name}`);
  const memberNamespaces = new Set(now.endpoints.map(({ endpoint }) => endpoint.namespace));
  const others = world.pods
    .map((pod) => pod.namespace)
    .filter((name) => !memberNamespaces.has(name) && !infrastructure.includes(name));
  return {
    differences: all.flatMap((difference) => involving(difference, isJoining)),
    joining: members.filter(isJoining).sort(),
    outsiders: [...new Set(others)].sort(),
  };
}

/** A difference as two: from those that join to all members, and from other members to those that join. */
function involving(difference: Difference, isJoining: (name: string) => boolean): Difference[] {
  const { from, to } = difference;
  const isOther = (name: string) => !isJoining(name);
  return [
    { ...difference, from: only(from, isJoining), to: only(to, () => true) },
    { ...difference, from: only(from, isOther), to: only(to, isJoining) },
  ].filter((part) => part.from.length > 0 && part.to.length > 0);
}

/** Outsiders are spoken of as a whole. */
function only(parties: readonly Alike[], isWanted: (name: string) => boolean): Alike[] {
  return parties
    .map((party) => ({ ...party, members: party.members.filter(isWanted), ranges: [] }))
    .filter(({ members }) => members.length > 0);
}
