/** Faults of a cluster, each as a change of one in which everything is right, and what `check` must find then. */
import type { Json } from "../../controller/check/json.ts";
import { initStatuses, pod } from "./clean-cluster.ts";

/** A change of objects, found by `Kind name`. */
export interface Fault {
  readonly name: string;
  /** Merged into objects that are there: null removes a field, a list replaces one. */
  readonly change?: Readonly<Record<string, Json>>;
  readonly add?: readonly Json[];
  readonly remove?: readonly string[];
  /** `check severity` and a part of what is said. */
  readonly finds: readonly (readonly [check: string, severity: "error" | "warning", says: RegExp])[];
}

const namespaced = (apiVersion: string, kind: string, name: string, spec: object, namespace = "shop"): Json => ({
  ...{ apiVersion, kind, metadata: { namespace, name }, spec },
});
const overlay = (name: string, spec: object): Json => ({
  apiVersion: "sallyport.dev/v1alpha1",
  kind: "Overlay",
  metadata: { name },
  spec: { id: 9, cidr: ["10.9.0.0/16"], path: ["edge"], ...spec },
});
const annotated = (annotations: object) => ({ metadata: { annotations } });
const traffic = (name: string, value: string) => annotated({ [`traffic.sidecar.istio.io/${name}`]: value });
const POD = "Pod web-5d4f-1";
const image = "test.invalid/image";
const accepted = (status: string, message: string, type = "Accepted") => ({
  status: {
    conditions: [
      { type, status, message, reason: "Reason", lastTransitionTime: "2026-01-01T00:00:00Z" },
      ...(type === "Accepted"
        ? []
        : [
            {
              type: "Accepted",
              status: "True",
              message: "in use",
              reason: "Reason",
              lastTransitionTime: "2026-01-01T00:00:00Z",
            },
          ]),
    ],
  },
});
const injector = (config: string, values = "{}") => ({
  "ConfigMap istio-sidecar-injector": { data: { config, values } },
});
const TEMPLATES = "templates: {sidecar: '', sallyport: ''}\n";
const filter = (value: object) =>
  namespaced("networking.istio.io/v1alpha3", "EnvoyFilter", "other", {
    configPatches: [{ applyTo: "LISTENER", match: { context: "SIDECAR_INBOUND" }, patch: { operation: "ADD", value } }],
  });

export const FAULTS: readonly Fault[] = [
  {
    name: "an istiod of a version that nobody tested",
    change: { "Deployment istiod": { metadata: { labels: { "app.kubernetes.io/version": "1.28.3" } } } },
    finds: [["istio-version", "warning", /is Istio 1\.28\.3, with which/]],
  },
  {
    name: "an istiod that is too old",
    change: { "Deployment istiod": { metadata: { labels: { "app.kubernetes.io/version": "v1.19.1" } } } },
    finds: [["istio-version", "error", /can't run the guard/]],
  },
  {
    name: "an istiod that doesn't say its version",
    change: {
      "Deployment istiod": {
        spec: { template: { spec: { containers: [{ name: "c", image: "test.invalid/i:latest" }] } } },
      },
    },
    finds: [["istio-version", "warning", /but "latest"/]],
  },
  {
    name: "no istiod",
    remove: ["Deployment istiod"],
    finds: [["istio-version", "warning", /no Deployment of istiod/]],
  },
  {
    name: "an injector without our template",
    change: injector("templates: {sidecar: ''}"),
    finds: [["injection-template", "error", /no injection template sallyport/]],
  },
  {
    name: "a revision's injector without our template",
    add: [
      {
        ...{ apiVersion: "v1", kind: "ConfigMap" },
        metadata: {
          namespace: "istio-system",
          name: "istio-sidecar-injector-canary",
          labels: { "istio.io/rev": "canary" },
        },
        data: { config: "defaultTemplates: [sidecar]\ntemplates: {sidecar: ''}" },
      },
    ],
    finds: [["injection-template", "error", /no injection template/]],
  },
  {
    name: "an injector that uses our template only where a pod asks",
    change: injector(`${TEMPLATES}defaultTemplates: [sidecar]`),
    finds: [["injection-template", "warning", /unless a pod asks/]],
  },
  {
    name: "an injector that can't be read",
    change: injector("templates: {{"),
    finds: [["injection-template", "warning", /no YAML/]],
  },
  {
    name: "no injector",
    remove: ["ConfigMap istio-sidecar-injector"],
    finds: [["injection-template", "error", /no ConfigMap istio-sidecar-injector/]],
  },
  {
    name: "no controller",
    remove: ["Deployment sallyport"],
    finds: [["controller", "error", /no Deployment sallyport/]],
  },
  {
    name: "a controller of which nothing is ready",
    change: { "Deployment sallyport": { status: { readyReplicas: 0 } } },
    finds: [["controller", "error", /no ready replica/]],
  },
  {
    name: "a controller of which half is ready",
    change: { "Deployment sallyport": { status: { readyReplicas: 1 } } },
    finds: [["controller", "warning", /1 of 2 replicas/]],
  },
  {
    name: "a controller of one replica",
    change: { "Deployment sallyport": { spec: { replicas: 1 }, status: { replicas: 1, readyReplicas: 1 } } },
    finds: [["controller", "warning", /a single replica/]],
  },
  { name: "no Lease", remove: ["Lease sallyport"], finds: [["controller-leader", "error", /no replica leads/]] },
  {
    name: "a Lease that nobody renews",
    change: { "Lease sallyport": { spec: { renewTime: "2026-01-01T00:00:00.000000Z" } } },
    finds: [["controller-leader", "error", /hasn't renewed it for \d+ s/]],
  },
  {
    name: "a leader that no sidecar reaches",
    remove: ["EndpointSlice sallyport"],
    finds: [["controller-leader", "error", /neither images nor filters/]],
  },
  {
    name: "a label that names no Overlay",
    change: { "Namespace shop": { metadata: { labels: { "sallyport.dev/overlay": "shpo" } } } },
    finds: [["overlay-missing", "error", /names the Overlay shpo, which isn't there; did you mean shop\?/]],
  },
  {
    name: "an Overlay that isn't accepted",
    change: { "Overlay shop": accepted("False", "path has a gateway too many") },
    finds: [["overlay-accepted", "error", /a gateway too many/]],
  },
  {
    name: "an Overlay that nobody looked at",
    change: { "Overlay shop": { status: null } },
    finds: [
      ["overlay-accepted", "error", /no controller has looked/],
      ["overlay-programmed", "warning", /no condition Programmed/],
    ],
  },
  {
    name: "an Overlay of which some nodes run older images",
    change: { "Overlay shop": accepted("False", "3 of 4 nodes", "Programmed") },
    finds: [["overlay-programmed", "warning", /keys of older ones end: 3 of 4 nodes/]],
  },
  {
    name: "a FlowPolicy that isn't accepted",
    add: [
      {
        ...{ apiVersion: "sallyport.dev/v1alpha1", kind: "FlowPolicy", metadata: { name: "f" } },
        spec: {
          overlay: "shop",
          priority: 1,
          subject: { podSelector: {} },
          action: "Allow",
          from: [{ podSelector: {} }],
        },
        ...accepted("False", "names nothing"),
      },
    ],
    finds: [["overlay-accepted", "error", /names nothing/]],
  },
  {
    name: "two Overlays with one id",
    add: [overlay("twin", { id: 7 })],
    finds: [["overlay-id", "error", /the id 7 that Overlay shop has/]],
  },
  {
    name: "two Overlays whose blocks overlap",
    add: [overlay("other", { cidr: ["10.244.128.0/20"] })],
    finds: [["overlay-blocks", "warning", /10\.244\.0\.0\/16 overlaps those of Overlay other/]],
  },
  {
    name: "a path that names no gateway",
    change: { "Overlay shop": { spec: { path: ["edge", "far"] } } },
    finds: [["gateway-ready", "error", /names the OverlayGateway far/]],
  },
  {
    name: "a gateway without ready replica",
    change: { "EndpointSlice edge-1": { endpoints: [{ addresses: ["10.244.7.2"], conditions: { ready: false } }] } },
    finds: [["gateway-ready", "error", /no ready replica/]],
  },
  {
    name: "a gateway of one replica",
    change: { "EndpointSlice edge-1": { endpoints: [{ addresses: ["10.244.7.2"], conditions: { ready: true } }] } },
    finds: [["gateway-ready", "warning", /a single ready replica/]],
  },
  {
    name: "a gateway that may be evicted whole",
    remove: ["PodDisruptionBudget edge"],
    finds: [["gateway-budget", "warning", /no PodDisruptionBudget/]],
  },
  {
    name: "a namespace without injection",
    change: { "Namespace shop": { metadata: { labels: { "istio-injection": null } } } },
    finds: [["injection", "error", /injects no sidecars/]],
  },
  {
    name: "a namespace that refuses injection",
    change: { "Namespace shop": { metadata: { labels: { "istio-injection": "disabled" } } } },
    finds: [["injection", "error", /istio-injection=disabled/]],
  },
  {
    name: "a namespace of a revision that isn't there",
    change: { "Namespace shop": { metadata: { labels: { "istio-injection": null, "istio.io/rev": "defualt" } } } },
    finds: [["injection", "error", /istio\.io\/rev=defualt.*did you mean default/]],
  },
  {
    name: "a pod without sidecar",
    change: { [POD]: { spec: { containers: [{ name: "app", image }] } } },
    finds: [["sidecar", "error", /web-5d4f-1 without a sidecar/]],
  },
  {
    name: "a sidecar without our init container",
    change: { [POD]: { spec: { initContainers: null } } },
    finds: [["restart", "error", /without the init container sallyport-init/]],
  },
  {
    name: "a sidecar that doesn't know its pod's uid",
    change: {
      [POD]: {
        spec: {
          containers: [
            { name: "app", image },
            { name: "istio-proxy", image },
          ],
        },
      },
    },
    finds: [["restart", "error", /without the variable ISTIO_META_SALLYPORT_POD_UID/]],
  },
  {
    name: "a pod that started before there were rules",
    change: { [POD]: { status: { initContainerStatuses: initStatuses("no rules: this namespace isn't opted in") } } },
    finds: [["restart", "error", /web-5d4f-1 without redirect and guard/]],
  },
  {
    name: "a pod whose rules still audit",
    change: { [POD]: { status: { initContainerStatuses: initStatuses("# sallyport rules: audit\n") } } },
    finds: [["restart", "warning", /lets in what the sidecar's refuses/]],
  },
  {
    name: "a host-network pod",
    add: [pod("agent", { spec: { hostNetwork: true } })],
    finds: [["host-network", "warning", /uses its node's network/]],
  },
  {
    name: "a pod with an address outside of the overlay",
    change: { [POD]: { status: { podIPs: [{ ip: "10.245.0.1" }], podIP: "10.245.0.1" } } },
    finds: [["pod-outside", "error", /10\.245\.0\.1 is outside/]],
  },
  ...(
    [
      ["excludeOutboundPorts", "5432", /goes past the sidecar, unchecked/],
      ["excludeOutboundIPRanges", "10.244.9.0/24,192.0.2.0/24", /and members refuse it/],
      ["includeOutboundIPRanges", "10.244.0.0/17", /isn't all of the overlay's blocks/],
      ["includeOutboundIPRanges", "", /to nobody is captured/],
      ["excludeInboundPorts", "15020,9000", /past the sidecar's guard/],
      ["includeInboundPorts", "80", /at other ports than 80/],
      ["includeInboundPorts", "", /at other ports than none/],
      ["excludeInterfaces", "net1", /interface net1 isn't captured/],
      ["kubevirtInterfaces", "tap0", /interface tap0 passes no guard/],
    ] as const
  ).map(
    ([name, value, says]): Fault => ({
      name: `a pod with ${name}: "${value}"`,
      change: { [POD]: traffic(name, value) },
      finds: [["capture-hole", "error", says]],
    }),
  ),
  {
    name: "excluded ports of all pods",
    change: injector(
      `${TEMPLATES}defaultTemplates: [sidecar, sallyport]`,
      JSON.stringify({ global: { proxy: { excludeOutboundPorts: "3306" } } }),
    ),
    finds: [["capture-hole", "error", /global\.proxy\.excludeOutboundPorts.*3306/]],
  },
  ...["NONE", "TPROXY"].map(
    (mode): Fault => ({
      name: `a pod with interceptionMode ${mode}`,
      change: {
        [POD]: {
          spec: {
            containers: [
              { name: "app", image },
              {
                ...{ name: "istio-proxy", image },
                env: [
                  { name: "ISTIO_META_SALLYPORT_POD_UID", value: "u" },
                  { name: "ISTIO_META_INTERCEPTION_MODE", value: mode },
                ],
              },
            ],
          },
        },
      },
      finds: [["interception-mode", "error", new RegExp(`interceptionMode is ${mode}`)]],
    }),
  ),
  {
    name: "a Sidecar resource that doesn't capture",
    add: [
      namespaced("networking.istio.io/v1", "Sidecar", "s", {
        egress: [
          {
            captureMode: "NONE",
            hosts: ["./*"],
            bind: "127.0.0.1",
            port: { number: 9000, protocol: "TCP", name: "tcp" },
          },
        ],
      }),
    ],
    finds: [["capture-mode", "error", /egress listener with captureMode NONE/]],
  },
  {
    name: "no STRICT mutual TLS",
    remove: ["PeerAuthentication default"],
    finds: [["mtls", "warning", /PeerAuthentication is PERMISSIVE/]],
  },
  {
    name: "a port without mutual TLS",
    add: [
      namespaced("security.istio.io/v1", "PeerAuthentication", "web", {
        selector: { matchLabels: { app: "web" } },
        mtls: { mode: "STRICT" },
        portLevelMtls: { 9000: { mode: "DISABLE" } },
      }),
    ],
    finds: [["mtls", "warning", /is DISABLE at port 9000/]],
  },
  {
    name: "pods for which mutual TLS is PERMISSIVE",
    add: [
      namespaced("security.istio.io/v1", "PeerAuthentication", "web", {
        selector: { matchLabels: { app: "web" } },
        mtls: { mode: "PERMISSIVE" },
      }),
    ],
    finds: [["mtls", "warning", /is PERMISSIVE for the pods that it selects/]],
  },
  {
    name: "an AuthorizationPolicy by address",
    add: [
      namespaced("security.istio.io/v1", "AuthorizationPolicy", "a", {
        rules: [{ from: [{ source: { ipBlocks: ["10.0.0.0/8"] } }] }],
      }),
    ],
    finds: [["client-address", "warning", /sees every client as 127\.0\.0\.7/]],
  },
  {
    name: "another's EnvoyFilter at the tunnel port",
    add: [filter({ name: "mine", address: { socket_address: { address: "0.0.0.0", port_value: 15042 } } })],
    finds: [["foreign-filter", "error", /touches port 15042/]],
  },
  {
    name: "another's EnvoyFilter with a listener of our name",
    add: [filter({ name: "sallyport-tunnel" })],
    finds: [["foreign-filter", "error", /touches "sallyport-tunnel"/]],
  },
  {
    name: "an emitted object that isn't there",
    remove: ["WasmPlugin sallyport-guard"],
    finds: [["emitted", "error", /isn't there/]],
  },
  {
    name: "an emitted object of another version",
    change: { "WasmPlugin sallyport-guard": { spec: { sha256: "0".repeat(64) } } },
    finds: [["emitted", "error", /was changed by|another digest/]],
  },
  {
    name: "an emitted object that was changed",
    change: { "NetworkPolicy sallyport": { spec: { egress: null, policyTypes: ["Ingress"] } } },
    finds: [["emitted", "error", /was changed by|isn't what this program would write/]],
  },
  {
    name: "what is left of a namespace that left",
    change: { "Namespace shop": { metadata: { labels: { "sallyport.dev/overlay": null } } } },
    finds: [
      ["leftover", "warning", /isn't opted in/],
      ["leftover", "warning", /isn't opted in/],
      ["leftover", "warning", /isn't opted in/],
    ],
  },
];

/** The objects with a fault in them. */
export function planted(objects: readonly Json[], { change = {}, add = [], remove = [] }: Fault): Json[] {
  const keyOf = ({ kind, metadata }: Json) => `${kind} ${(metadata as Json).name}`;
  for (const key of [...Object.keys(change), ...remove])
    if (!objects.some((object) => keyOf(object) === key)) throw new Error(`there is no ${key}`);
  const kept = objects.filter((object) => !remove.includes(keyOf(object)));
  return [...kept.map((object) => merged(object, change[keyOf(object)] ?? {}) as Json), ...add];
}

function merged(value: unknown, change: unknown): unknown {
  if (!isRecord(change)) return change;
  const result: Record<string, unknown> = isRecord(value) ? { ...value } : {};
  for (const [key, one] of Object.entries(change)) {
    if (one === null) delete result[key];
    else result[key] = merged(result[key], one);
  }
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
