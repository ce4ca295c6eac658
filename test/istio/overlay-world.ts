/** The cluster that the overlay is tried in: namespace `shop` is opted in, `annex` into another overlay, `guest` not. */

/** Addresses of pods; VIPs of Services are not pods'. */
export const ADDRESS = {
  client: "10.244.1.11",
  server: "10.244.1.12",
  other: "10.244.1.13",
  /** Has the service account of `client`. */
  twin: "10.244.1.14",
  annex: "10.244.2.11",
  guest: "10.244.3.11",
  edge: "10.244.7.2",
  istiod: "10.244.8.2",
  controller: "10.244.8.3",
} as const;

export const SERVICE = { address: "10.96.0.80", name: "server.shop.svc.cluster.local", http: 8080, tcp: 9000 } as const;
/** Services that nodes ask for by name. A proxy of Services that works at connect() would give them pods' addresses. */
export const HOSTS = {
  "istiod.istio-system.svc": ADDRESS.istiod,
  "sallyport.sallyport-system.svc": ADDRESS.controller,
  "edge.sallyport-system.svc": ADDRESS.edge,
};
/** Of the pod without sidecar. */
export const GUEST_PORT = 7000;
export const OVERLAY_ID = 7;

export const NAMESPACES = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {sallyport.dev/overlay: shop}}
---
apiVersion: v1
kind: Namespace
metadata: {name: annex, labels: {sallyport.dev/overlay: annex}}
`;

export interface Keys {
  readonly epochSeconds?: number;
  readonly keyGeneration?: number;
}

export function overlays({ epochSeconds = 3600, keyGeneration = 0 }: Keys = {}): string {
  return `apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: shop}
spec: {id: ${OVERLAY_ID}, cidr: [10.244.0.0/16], path: [edge], keys: {epochSeconds: ${epochSeconds}, keyGeneration: ${keyGeneration}}}
---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: edge}
spec: {overlays: [shop], service: {namespace: sallyport-system, name: edge}, identity: "spiffe://cluster.local/ns/sallyport-system/sa/edge"}
---
apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: annex}
spec: {id: 8, cidr: [10.244.0.0/16], path: [elsewhere]}
---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: elsewhere}
spec: {overlays: [annex], addresses: ["10.244.7.9:15042"], identity: "spiffe://cluster.local/ns/sallyport-system/sa/elsewhere"}
`;
}

/** The server, and what Istio has to say about who may use it. */
export const SERVER = `apiVersion: v1
kind: Service
metadata: {name: server, namespace: shop}
spec:
  clusterIP: ${SERVICE.address}
  ports: [{name: http, port: ${SERVICE.http}}, {name: tcp, port: ${SERVICE.tcp}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: server-1, namespace: shop, labels: {kubernetes.io/service-name: server}}
addressType: IPv4
ports: [{name: http, port: ${SERVICE.http}, protocol: TCP}, {name: tcp, port: ${SERVICE.tcp}, protocol: TCP}]
endpoints:
- {addresses: [${ADDRESS.server}], conditions: {ready: true}, nodeName: n1, targetRef: {kind: Pod, name: server, namespace: shop}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: server, namespace: shop}
spec:
  selector: {matchLabels: {app: server}}
  action: ALLOW
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/client, cluster.local/ns/shop/sa/server]}}]}]
`;

/** Everybody may call; who may call the server is a list of labels `app`. */
export function policies(callers: readonly string[] = ["client", "other"]): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: calls, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: server, namespace: shop}
spec:
  podSelector: {matchLabels: {app: server}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [${callers.join(", ")}]}]}}]
    ports: [{port: ${SERVICE.http}}, {port: ${SERVICE.tcp}}]
`;
}
