import { CODE_PORT, CONTROL_PORT } from "../model/ports.ts";

/** The EndpointSlice by which the Service `sallyport`, which has no selector, leads to the replica that leads. */
export function leaderSlice(namespace: string, pod: string, ip: string): Readonly<Record<string, unknown>> {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "sallyport",
      namespace,
      labels: {
        "app.kubernetes.io/managed-by": "sallyport",
        "kubernetes.io/service-name": "sallyport",
        "endpointslice.kubernetes.io/managed-by": "sallyport",
      },
    },
    addressType: ip.includes(":") ? "IPv6" : "IPv4",
    endpoints: [{ addresses: [ip], conditions: { ready: true }, targetRef: { kind: "Pod", namespace, name: pod } }],
    ports: [
      { name: "tls-images", port: CONTROL_PORT, protocol: "TCP" },
      { name: "http-code", port: CODE_PORT, protocol: "TCP" },
    ],
  };
}
