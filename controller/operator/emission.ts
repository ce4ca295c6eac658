/** Which objects an overlay needs in the cluster, and which of those that are there it needs no more. Pure. */
import type { Mesh } from "../emit/istio/mesh.ts";
import { namespaceResources } from "../emit/istio/namespace.ts";
import type { KubeObject } from "../kube/list-watch.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import { isMapping } from "../read/schema.ts";
import type { Group } from "./applier.ts";
import type { Decisions } from "./decisions.ts";

export interface Emission {
  /** By namespace. */
  readonly groups: readonly Group[];
  readonly mayPrune: (object: KubeObject) => boolean;
}

export function emission({ world, policies, rejections }: Decisions, mesh: Mesh): Emission {
  const byName = new Map(policies.map((policy) => [policy.overlay.name, policy]));
  const labelled = world.namespaces.filter(({ labels }) => labels[OVERLAY_LABEL] !== undefined);
  const groups = labelled.flatMap(({ name, labels }) => {
    const policy = byName.get(labels[OVERLAY_LABEL] as string);
    return policy === undefined ? [] : [namespaceResources(policy, name, mesh)];
  });
  // Somebody who misspells an overlay's name, or deletes it, hasn't said that the namespace shall be open.
  const kept = new Set(labelled.map(({ name }) => name));
  for (const { origin } of rejections) if (origin.kind === "Namespace") kept.add(origin.name);
  const known = new Set(world.namespaces.map(({ name }) => name));
  const mayPrune = ({ metadata }: KubeObject) => {
    const { namespace, labels } = isMapping(metadata) ? metadata : {};
    if (!isMapping(labels) || labels[OVERLAY_LABEL] === undefined) return false;
    return typeof namespace === "string" && known.has(namespace) && !kept.has(namespace);
  };
  return { groups, mayPrune };
}
