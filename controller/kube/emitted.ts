import type { Collection } from "./list-watch.ts";

/** A collection of which this program makes objects. */
export interface EmittedCollection extends Collection {
  /** What brings the kind into a cluster that doesn't know it. */
  readonly from: string;
}

/** All objects of ours carry it. */
const OURS = "app.kubernetes.io/managed-by=sallyport";

/** The objects of a kind that this program made. */
export const EMITTED_COLLECTIONS: readonly EmittedCollection[] = [
  { ...of("v1", "ConfigMap", "configmaps", "Kubernetes"), path: "/api/v1/configmaps" },
  of("networking.istio.io/v1alpha3", "EnvoyFilter", "envoyfilters", "Istio"),
  of("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", "Kubernetes"),
  of("extensions.istio.io/v1alpha1", "WasmPlugin", "wasmplugins", "Istio"),
  of("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", "Kubernetes"),
];

export function emittedCollection(kind: unknown): EmittedCollection {
  const found = EMITTED_COLLECTIONS.find((collection) => collection.kind === kind);
  if (found === undefined) throw new Error(`${kind} is not a kind that is emitted`);
  return found;
}

function of(apiVersion: string, kind: string, plural: string, from: string): EmittedCollection {
  return { kind, apiVersion, path: `/apis/${apiVersion}/${plural}`, selector: OURS, from };
}
