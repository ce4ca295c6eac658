/** A cluster of two namespaces: `shop` is in an overlay, `plain` has Istio alone; the same pair of pods in each. */
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";

export interface Pair {
  /** Of the results. */
  readonly name: string;
  readonly label: string;
  readonly namespace: string;
  readonly client: { readonly name: string; readonly address: string };
  readonly server: { readonly name: string; readonly address: string };
  /** Address of the server's Service. */
  readonly service: string;
}

export const PAIRS: readonly Pair[] = [
  {
    name: "istio",
    label: "Istio alone",
    namespace: "plain",
    client: { name: "plain-client", address: "10.244.1.11" },
    server: { name: "plain-server", address: "10.244.1.12" },
    service: "10.96.0.81",
  },
  {
    name: "overlay",
    label: "Istio with the overlay",
    namespace: "shop",
    client: { name: "client", address: "10.244.2.11" },
    server: { name: "server", address: "10.244.2.12" },
    service: "10.96.0.82",
  },
];

export const CONTROLLER = "10.244.8.3";
export const GATEWAY = { namespace: "sallyport-system", name: "edge", address: "10.244.7.2" } as const;
export const HTTP_PORT = 8080;
export const TCP_PORT = 9000;

/** Namespaces and what opts one of them in. */
export const OVERLAY = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {sallyport.dev/overlay: shop}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: shop}
spec: {id: 7, cidr: [10.244.0.0/16], path: [${GATEWAY.name}]}
---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: ${GATEWAY.name}}
spec: {overlays: [shop], service: {namespace: ${GATEWAY.namespace}, name: ${GATEWAY.name}}, identity: "spiffe://cluster.local/ns/${GATEWAY.namespace}/sa/${GATEWAY.name}"}
`;

/** Policies that both pairs have, though nothing but the overlay enforces them here. */
export function policies({ namespace, client, server }: Pair): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: client, namespace: ${namespace}}
spec: {podSelector: {matchLabels: {app: ${client.name}}}, policyTypes: [Egress], egress: [{}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: server, namespace: ${namespace}}
spec:
  podSelector: {matchLabels: {app: ${server.name}}}
  ingress: [{from: [{podSelector: {matchLabels: {app: ${client.name}}}}], ports: [{port: ${HTTP_PORT}}, {port: ${TCP_PORT}}]}]
`;
}

/** The server's Service, and mutual TLS for all of its flows. */
export function service({ namespace, server, service }: Pair): string {
  const ports = `{name: http, port: ${HTTP_PORT}, protocol: TCP}, {name: tcp, port: ${TCP_PORT}, protocol: TCP}`;
  return `apiVersion: v1
kind: Service
metadata: {name: server, namespace: ${namespace}}
spec: {clusterIP: ${service}, ports: [${ports}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: server-1, namespace: ${namespace}, labels: {kubernetes.io/service-name: server}}
addressType: IPv4
ports: [${ports}]
endpoints:
- {addresses: [${server.address}], conditions: {ready: true}, targetRef: {kind: Pod, name: ${server.name}, namespace: ${namespace}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: ${namespace}}
spec: {mtls: {mode: STRICT}}
`;
}

/** What the cluster's DNS would say. */
export const HOSTS = {
  "istiod.istio-system.svc": CONTROLLER_ADDRESS,
  "sallyport.sallyport-system.svc": CONTROLLER,
  "edge.sallyport-system.svc": GATEWAY.address,
};
