/** Faults of the server, Istio, the controller, Overlays and gateways. */
import { accepted, type Fault, injector, overlay, TEMPLATES } from "./fault.ts";

export const CONTROL_FAULTS: readonly Fault[] = [
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
];
