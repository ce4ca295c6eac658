/** A cluster in which everything is as it should be: objects as an API server takes them, with their status. */
import type { Json } from "../../controller/check/json.ts";
import type { Mesh } from "../../controller/emit/istio/mesh.ts";
import { wantedOf, worldOf } from "../../controller/kube/check-facts.ts";

/** RFC 3339 with six digits of a second, as Leases have it. */
const microTime = (time: Date) => time.toISOString().replace("Z", "000Z");
const TRANSITION = "2026-01-01T00:00:00Z";
const condition = (type: string, status = "True", message = "in use") => ({
  ...{ type, status, reason: "Reason", message, lastTransitionTime: TRANSITION },
});

const INJECTOR = `defaultTemplates: [sidecar, sallyport]
templates:
  sidecar: |
    metadata: {}
  sallyport: |
    spec: {}
`;
const VALUES = {
  global: { proxy: { excludeInboundPorts: "", excludeIPRanges: "", excludeOutboundPorts: "", includeIPRanges: "*" } },
};
const LABELS = { app: "sallyport" };

function deployment(namespace: string, name: string, labels: object, ready: number): Json {
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: "c", image: `test.invalid/${name}:1.31.0` }] },
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace, name, labels },
    spec: { replicas: ready, selector: { matchLabels: labels }, template },
    status: { replicas: ready, readyReplicas: ready },
  };
}

function slice(namespace: string, name: string, service: string, addresses: readonly string[]): Json {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports: [{ name: "tunnel", port: 15042, protocol: "TCP" }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  };
}

/** As a kubelet says what our init container said last. */
export function initStatuses(message: string): object[] {
  const image = { image: "test.invalid/image", imageID: "" };
  const terminated = { exitCode: 0, message };
  return [{ ...image, name: "sallyport-init", ready: true, restartCount: 0, state: { terminated } }];
}

export function pod(name: string, change: { metadata?: object; spec?: object; status?: object } = {}): Json {
  const env = [
    { name: "ISTIO_META_SALLYPORT_POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
    { name: "ISTIO_META_INTERCEPTION_MODE", value: "REDIRECT" },
  ];
  const image = "test.invalid/image";
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-5d4f", uid: "u-1", controller: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      namespace: "shop",
      name,
      labels: { app: "web", "pod-template-hash": "5d4f" },
      annotations: { "traffic.sidecar.istio.io/excludeInboundPorts": "15020" },
      ownerReferences: [owner],
      ...change.metadata,
    },
    spec: {
      initContainers: [{ name: "sallyport-init", image }],
      containers: [
        { name: "app", image },
        { name: "istio-proxy", image, env },
      ],
      ...change.spec,
    },
    status: {
      phase: "Running",
      podIPs: [{ ip: "10.244.1.5" }],
      podIP: "10.244.1.5",
      initContainerStatuses: initStatuses("# sallyport rules: enforce"),
      ...change.status,
    },
  };
}

/** What is there besides what this program emits. */
export function cluster(now: Date): Json[] {
  return [
    ...["istio-system", "sallyport-system"].map((name) => ({
      ...{ apiVersion: "v1", kind: "Namespace", metadata: { name } },
    })),
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shop", labels: { "istio-injection": "enabled", "sallyport.dev/overlay": "shop" } },
    },
    {
      apiVersion: "sallyport.dev/v1alpha1",
      kind: "Overlay",
      metadata: { name: "shop" },
      spec: { id: 7, cidr: ["10.244.0.0/16"], path: ["edge"] },
      status: { conditions: [condition("Accepted"), condition("Programmed")] },
    },
    {
      apiVersion: "sallyport.dev/v1alpha1",
      kind: "OverlayGateway",
      metadata: { name: "edge" },
      spec: {
        overlays: ["shop"],
        service: { namespace: "sallyport-system", name: "edge" },
        identity: "spiffe://cluster.local/ns/sallyport-system/sa/edge",
      },
      status: { conditions: [condition("Accepted"), condition("Programmed")] },
    },
    deployment("istio-system", "istiod", { app: "istiod" }, 1),
    deployment("sallyport-system", "sallyport", LABELS, 2),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: "istio-system", name: "istio-sidecar-injector", labels: { "istio.io/rev": "default" } },
      data: { config: INJECTOR, values: JSON.stringify(VALUES) },
    },
    {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { namespace: "sallyport-system", name: "sallyport" },
      spec: { holderIdentity: "sallyport-a", leaseDurationSeconds: 6, renewTime: microTime(now) },
    },
    slice("sallyport-system", "sallyport", "sallyport", ["10.244.7.9"]),
    slice("sallyport-system", "edge-1", "edge", ["10.244.7.2", "10.244.8.2"]),
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { namespace: "sallyport-system", name: "edge" },
      spec: { minAvailable: 1, selector: { matchLabels: { "sallyport.dev/gateway": "edge" } } },
    },
    {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: { namespace: "istio-system", name: "default" },
      spec: { mtls: { mode: "STRICT" } },
    },
    pod("web-5d4f-1"),
  ];
}

/** All of it. */
export function cleanCluster(now: Date, mesh: Mesh): Json[] {
  const objects = cluster(now);
  return [...objects, ...wantedOf(worldOf(objects), mesh, undefined)];
}
