/** Faults of a namespace, its pods and what Istio is told about them. */
import { initStatuses, pod } from "./clean-cluster.ts";
import { type Fault, filter, image, injector, namespaced, POD, TEMPLATES, traffic } from "./fault.ts";

export const NAMESPACE_FAULTS: readonly Fault[] = [
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
