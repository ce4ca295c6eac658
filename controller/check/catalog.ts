/** Everything that `check` looks at, in the order in which it says so. */
import { captureHoles, interceptionMode } from "./capture.ts";
import { certificates, controllerLeads, controllerRuns } from "./controller.ts";
import { emittedObjects, leftovers } from "./emitted.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { disruptionBudgets, gatewaysReady } from "./gateways.ts";
import { injection, injectionTemplate, istioDefinitions, istioVersion } from "./istio.ts";
import { authorizationByAddress, captureModes, foreignFilters, strictTls } from "./istio-resources.ts";
import { accepted, overlayBlocks, overlayIds, overlayThere, programmed } from "./overlays.ts";
import { hostNetwork, outsideBlocks, restarts, sidecarsThere } from "./pods.ts";
import { kubernetesVersion, ownDefinitions } from "./server.ts";

export interface Check {
  /** In people's dashboards: never changed. */
  readonly id: string;
  /** Kinds without which it can't be answered. */
  readonly needs: readonly string[];
  /** Said when nothing is found. */
  readonly ok: string;
  readonly find: (facts: Facts) => readonly Finding[];
}

const PODS = ["Namespace", "Overlay", "Pod"];

export const CHECKS: readonly Check[] = [
  row("kubernetes-version", [], "Kubernetes understands the conditions of our CRDs", kubernetesVersion),
  row("crds", ["CustomResourceDefinition"], "our CRDs are those of this program", ownDefinitions),
  row("istio-crds", [], "Istio's kinds are there", istioDefinitions),
  row("istio-version", ["Deployment"], "istiod is of a version that is tested", istioVersion),
  row("injection-template", ["ConfigMap", "Pod"], "every injector has our template", injectionTemplate),
  row("controller", ["Deployment"], "all replicas of the controller are ready", controllerRuns),
  row("controller-leader", ["Lease", "EndpointSlice"], "one replica leads and serves", controllerLeads),
  row("controller-certificate", [], "no certificate of the controller is about to end", certificates),
  row("overlay-missing", ["Namespace", "Overlay"], "every opted-in namespace names an Overlay", overlayThere),
  row("overlay-accepted", ["Namespace", "Overlay"], "objects of ours are accepted", accepted),
  row("overlay-programmed", ["Namespace", "Overlay"], "all nodes run the current images", programmed),
  row("overlay-id", ["Overlay"], "every Overlay has an id of its own", overlayIds),
  row("overlay-blocks", ["Overlay"], "no blocks of Overlays overlap", overlayBlocks),
  row("gateway-ready", ["Overlay", "OverlayGateway", "EndpointSlice"], "gateways have ready replicas", gatewaysReady),
  row("gateway-budget", ["OverlayGateway", "PodDisruptionBudget"], "gateways survive a drain", disruptionBudgets),
  row("injection", ["Namespace"], "Istio injects sidecars into opted-in namespaces", injection),
  row("sidecar", PODS, "every pod of the overlay has a sidecar", sidecarsThere),
  row("restart", PODS, "every sidecar has redirect, guard and its pod's uid", restarts),
  row("host-network", PODS, "no pod of the overlay uses its node's network", hostNetwork),
  row("pod-outside", PODS, "pods have addresses of their overlay's blocks", outsideBlocks),
  row("capture-hole", PODS, "nothing goes past the sidecars", captureHoles),
  row("interception-mode", PODS, "Istio captures by redirect", interceptionMode),
  row("capture-mode", ["Namespace", "Sidecar"], "no Sidecar resource opens a hole", captureModes),
  row("mtls", ["Namespace", "PeerAuthentication"], "mutual TLS is STRICT", strictTls),
  row(
    "client-address",
    ["Namespace", "AuthorizationPolicy"],
    "no AuthorizationPolicy asks for addresses",
    authorizationByAddress,
  ),
  row("foreign-filter", ["Namespace", "EnvoyFilter"], "no other EnvoyFilter touches ours", foreignFilters),
  row(
    "emitted",
    ["Namespace", "Overlay", "OverlayGateway"],
    "what the overlay needs of Istio is in place",
    emittedObjects,
  ),
  row(
    "leftover",
    ["Namespace", "EnvoyFilter", "WasmPlugin", "NetworkPolicy"],
    "nothing of ours is left elsewhere",
    leftovers,
  ),
];

function row(id: string, needs: readonly string[], ok: string, find: Check["find"]): Check {
  return { id, needs, ok, find };
}
