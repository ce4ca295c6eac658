/** Which objects an overlay needs in the cluster, and which of those that are there it needs no more. Pure. */
import { GATEWAY_PREFIX, gatewayResources } from "../emit/istio/gateway.ts";
import type { Mesh } from "../emit/istio/mesh.ts";
import { namespaceResources } from "../emit/istio/namespace.ts";
import { metadataOf } from "../kube/apply.ts";
import type { KubeObject } from "../kube/list-watch.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import type { Group } from "./applier.ts";
import type { Decisions } from "./decisions.ts";

export interface Emission {
  /** Of gateways, then of namespaces. */
  readonly groups: readonly Group[];
  readonly mayPrune: (object: KubeObject) => boolean;
}

/** `declared`: names of all OverlayGateways, those that can't be read too. */
export function emission(
  { world, policies, rejections }: Decisions,
  mesh: Mesh,
  declared: ReadonlySet<string>,
): Emission {
  const byName = new Map(policies.map((policy) => [policy.overlay.name, policy]));
  const labelled = world.namespaces.filter(({ labels }) => labels[OVERLAY_LABEL] !== undefined);
  const gateways = policies.flatMap((policy) =>
    policy.gateways.map((gateway) => gatewayResources(policy, gateway, mesh)),
  );
  const namespaces = labelled.flatMap(({ name, labels }) => {
    const policy = byName.get(labels[OVERLAY_LABEL] as string);
    return policy === undefined ? [] : [namespaceResources(policy, name, mesh)];
  });
  // Somebody who misspells an overlay's name, or deletes it, hasn't said that the namespace shall be open.
  const kept = new Set(labelled.flatMap(({ name, labels }) => (byName.has(labels[OVERLAY_LABEL] ?? "") ? [] : [name])));
  for (const { origin } of rejections) if (origin.kind === "Namespace") kept.add(origin.name);
  const known = new Set(world.namespaces.map(({ name }) => name));
  const used = new Set(policies.flatMap((policy) => policy.gateways.map(({ gateway }) => gateway.name)));
  const mayPrune = (object: KubeObject) => {
    const { namespace = "", name, labels = {} } = metadataOf(object);
    if (labels[OVERLAY_LABEL] === undefined || !known.has(namespace)) return false;
    const gateway = gatewayOf(object.kind, name);
    // One that is left out at the moment may run all the same.
    return gateway === undefined ? !kept.has(namespace) : used.has(gateway) || !declared.has(gateway);
  };
  return { groups: [...gateways, ...namespaces], mayPrune };
}

/** The gateway whose pods run with this object. */
function gatewayOf(kind: unknown, name: string): string | undefined {
  return kind === "ConfigMap" && name.startsWith(GATEWAY_PREFIX) ? name.slice(GATEWAY_PREFIX.length) : undefined;
}
