/** What people write, after reading and validation: the neutral model that everything pure works on. */
import type { Endpoints, Node, Pod, Service } from "./cluster.ts";
import type { ClusterNetworkPolicy, FlowPolicy } from "./tiers.ts";

/** Where an object was read: shown in every message about it. */
export interface Origin {
  readonly file: string;
  /** 1-based; 0: the file as a whole. */
  readonly line: number;
  readonly kind: string;
  /** `namespace/name`, or `name` for cluster-scoped kinds. */
  readonly name: string;
}

/** Something that could not be taken as written. It only ever removes access. */
export interface Rejection {
  readonly origin: Origin;
  /** Path of the field, such as `spec.ingress[0].ports[1].endPort`; empty for the whole object. */
  readonly field: string;
  /** What is wrong and what to do, without the place. */
  readonly message: string;
}

export type Labels = Readonly<Record<string, string>>;

export type Isolation = "DefaultDeny" | "Kubernetes";

export interface Overlay {
  readonly origin: Origin;
  readonly name: string;
  /** 1..2^24-1 */
  readonly id: number;
  readonly cidr: readonly string[];
  /** Names of gateways, passed in this order. 1..8. */
  readonly path: readonly string[];
  readonly isolation: Isolation;
  /** Audit: policy denies nothing; what it would have denied is counted and logged. Bad stamps are denied all the same. */
  readonly enforcement: "Enforce" | "Audit";
  readonly interception: "Overlay" | "All";
  /** May pods of its namespaces stay outside by the label `sallyport.dev/overlay: none`? */
  readonly podOptOut: "Refuse" | "Allow";
  readonly keys: OverlayKeys;
}

export interface OverlayKeys {
  readonly epochSeconds: number;
  /** How many epochs after the current one an image carries keys for. */
  readonly horizon: number;
  /** 0..255; raising it refuses all older keys at once. */
  readonly keyGeneration: number;
}

export interface OverlayGateway {
  readonly origin: Origin;
  readonly name: string;
  readonly overlays: readonly string[];
  /** `ip:port` or `[ip]:port`, one per replica. Empty: its replicas are the pods of `service`. */
  readonly addresses: readonly string[];
  /** A headless Service. Such a gateway has one overlay. */
  readonly service?: GatewayService;
  /** SPIFFE id, shared by the replicas. */
  readonly identity: string;
  /** Present: this machine runs the replicas. */
  readonly local?: Local;
}

export interface GatewayService {
  readonly namespace: string;
  readonly name: string;
}

/** What policy can tell about a pod or an endpoint. */
export interface Member {
  readonly origin: Origin;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  /** Canonical text, IPv4 or IPv6. */
  readonly addresses: readonly string[];
  readonly ports: readonly NamedPort[];
  /** SPIFFE id; endpoints of one service account share it. */
  readonly identity: string;
  /** `metadata.uid` of a pod that an API server knows. */
  readonly uid?: string;
}

/** An OverlayEndpoint, or a Pod with addresses of its own. */
export interface OverlayEndpoint extends Member {
  /** Empty: of none; a pod whose namespace has no label `sallyport.dev/overlay`. */
  readonly overlay: string;
  /** Present: this machine runs the proxy, in a network namespace of its own. */
  readonly local?: Local;
}

export interface Local {
  /** Worker threads of the Envoy. */
  readonly concurrency: number;
}

export type Protocol = "TCP" | "UDP" | "SCTP";

export interface NamedPort {
  /** Empty: a port of a pod that has no name. No rule can mean it. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export interface Namespace {
  readonly name: string;
  /** Contains `kubernetes.io/metadata.name`. */
  readonly labels: Labels;
}

/** meta/v1 LabelSelector, normalised. An empty list selects everything. */
export interface Selector {
  readonly requirements: readonly Requirement[];
}

export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

/** networking.k8s.io/v1 NetworkPolicy, with defaults applied. */
export interface NetworkPolicy {
  readonly origin: Origin;
  readonly namespace: string;
  readonly name: string;
  /** Present: the enforced verdict is what it would be without this policy. Annotation `sallyport.dev/enforcement`. */
  readonly enforcement?: "Audit";
  readonly podSelector: Selector;
  /** Undefined: this direction isn't isolated by the policy. An empty list isolates and allows nothing. */
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
}

export interface PolicyRule {
  /** Index in the object, for messages: `ingress[2]`. */
  readonly index: number;
  /** Undefined: every peer. An empty list in the object means the same (NetworkPolicy v1). */
  readonly peers?: readonly Peer[];
  /** Undefined: every port of every protocol. */
  readonly ports?: readonly PolicyPort[];
}

export type Peer = PodPeer | BlockPeer;

export interface PodPeer {
  readonly kind: "pods";
  /** Undefined: the policy's own namespace. */
  readonly namespaceSelector?: Selector;
  /** Absent in the object: all pods (an empty selector). */
  readonly podSelector: Selector;
}

export interface BlockPeer {
  readonly kind: "block";
  readonly cidr: string;
  readonly except: readonly string[];
}

export interface PolicyPort {
  readonly protocol: Protocol;
  /** Undefined: all ports of the protocol; a string names a port of the destination. */
  readonly port?: number | string;
  readonly endPort?: number;
}

/** Everything that was read, as one value. Order of the lists carries no meaning. */
export interface World {
  readonly overlays: readonly Overlay[];
  readonly gateways: readonly OverlayGateway[];
  readonly endpoints: readonly OverlayEndpoint[];
  readonly namespaces: readonly Namespace[];
  readonly policies: readonly NetworkPolicy[];
  readonly clusterPolicies: readonly ClusterNetworkPolicy[];
  readonly flowPolicies: readonly FlowPolicy[];
  /** All pods; those with addresses of their own are among `endpoints` too. */
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
  readonly endpointSlices: readonly Endpoints[];
  /** Addresses of objects that could not be read: nothing reaches them or comes from them. Canonical text. */
  readonly closed: readonly string[];
}

export const EMPTY_WORLD: World = {
  overlays: [],
  gateways: [],
  endpoints: [],
  namespaces: [],
  policies: [],
  clusterPolicies: [],
  flowPolicies: [],
  pods: [],
  nodes: [],
  services: [],
  endpointSlices: [],
  closed: [],
};
