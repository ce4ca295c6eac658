import type { Kind } from "./look.ts";

const kind = (apiVersion: string, kind: string, plural: string): Kind => ({ apiVersion, kind, plural });
const OURS = "sallyport.dev/v1alpha1";
const NETWORKING = "networking.istio.io/v1";
const SECURITY = "security.istio.io/v1";

/** Kinds that `check` and `rollout` look at, by the version that is asked for. */
export const KINDS = {
  CustomResourceDefinition: kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions"),
  Overlay: kind(OURS, "Overlay", "overlays"),
  OverlayGateway: kind(OURS, "OverlayGateway", "overlaygateways"),
  OverlayEndpoint: kind(OURS, "OverlayEndpoint", "overlayendpoints"),
  FlowPolicy: kind(OURS, "FlowPolicy", "flowpolicies"),
  Namespace: kind("v1", "Namespace", "namespaces"),
  Pod: kind("v1", "Pod", "pods"),
  ConfigMap: kind("v1", "ConfigMap", "configmaps"),
  Deployment: kind("apps/v1", "Deployment", "deployments"),
  Lease: kind("coordination.k8s.io/v1", "Lease", "leases"),
  EndpointSlice: kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
  PodDisruptionBudget: kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
  NetworkPolicy: kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
  MutatingWebhookConfiguration: kind(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
  ),
  EnvoyFilter: kind("networking.istio.io/v1alpha3", "EnvoyFilter", "envoyfilters"),
  WasmPlugin: kind("extensions.istio.io/v1alpha1", "WasmPlugin", "wasmplugins"),
  Sidecar: kind(NETWORKING, "Sidecar", "sidecars"),
  PeerAuthentication: kind(SECURITY, "PeerAuthentication", "peerauthentications"),
  AuthorizationPolicy: kind(SECURITY, "AuthorizationPolicy", "authorizationpolicies"),
} as const;

export type KindName = keyof typeof KINDS;
