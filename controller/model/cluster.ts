/** What Kubernetes knows about machines, pods and services, as far as policy and lint ask. */
import type { Labels, Member, Origin, Protocol, Selector } from "./resources.ts";

/** core/v1 Pod. `ports` are those of its containers in order, then those of its sidecars. */
export interface Pod extends Member {
  /** `status.podIPs`; empty before it has any, and once it has terminated (phase Succeeded or Failed). */
  readonly addresses: readonly string[];
  /** It uses its node's addresses: an outsider, that no policy selects. */
  readonly hostNetwork: boolean;
  /** Name of its Node. */
  readonly node?: string;
  /** Its init container says that it has loaded the rules that lead its flows into the overlay. */
  readonly hasRules: boolean;
}

/** core/v1 Node. */
export interface Node {
  readonly origin: Origin;
  readonly name: string;
  readonly labels: Labels;
  /** The IPs in `status.addresses`, canonical text. */
  readonly addresses: readonly string[];
}

/** core/v1 Service. */
export interface Service {
  readonly origin: Origin;
  readonly namespace: string;
  readonly name: string;
  /** Undefined: somebody else fills its EndpointSlices. */
  readonly selector?: Selector;
  /** Virtual addresses; none of a headless service. */
  readonly addresses: readonly string[];
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** A number, or the name of a port of the pod. */
  readonly targetPort: number | string;
}

/** discovery.k8s.io/v1 EndpointSlice: where a service's flows end. */
export interface Endpoints {
  readonly origin: Origin;
  readonly namespace: string;
  readonly name: string;
  /** Name of its Service, of the same namespace. */
  readonly service?: string;
  readonly addresses: readonly string[];
  readonly ports: readonly Omit<ServicePort, "targetPort">[];
}
