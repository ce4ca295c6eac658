import type { Collection } from "./list-watch.ts";

/** A collection, and what to do when the server doesn't know it. */
export interface WorldCollection extends Collection {
  /** How its CRD is installed, of kinds that aren't Kubernetes' own. */
  readonly install?: string;
}

const core = (kind: string, plural: string) => ({ kind, apiVersion: "v1", path: `/api/v1/${plural}` });
const ours = (kind: string, plural: string) => ({
  ...of("sallyport.dev/v1alpha1", kind, plural),
  install: "kubectl apply --server-side -f manifests/crd",
});

/** Everything that makes up the world. */
export const COLLECTIONS: readonly WorldCollection[] = [
  ours("Overlay", "overlays"),
  ours("OverlayGateway", "overlaygateways"),
  ours("OverlayEndpoint", "overlayendpoints"),
  ours("FlowPolicy", "flowpolicies"),
  core("Namespace", "namespaces"),
  core("Pod", "pods"),
  core("Node", "nodes"),
  core("Service", "services"),
  of("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
  of("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
  {
    ...of("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", "clusternetworkpolicies"),
    install: "the standard CRDs of https://network-policy-api.sigs.k8s.io, if you want to write such policies",
  },
];

/** The collection of a kind that is read. */
export function collectionOf(kind: string): WorldCollection {
  const found = COLLECTIONS.find((collection) => collection.kind === kind);
  if (found === undefined) throw new Error(`${kind} is not a kind that is read`);
  return found;
}

function of(apiVersion: string, kind: string, plural: string): Collection {
  return { kind, apiVersion, path: `/apis/${apiVersion}/${plural}` };
}
