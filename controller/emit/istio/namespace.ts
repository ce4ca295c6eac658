/**
 * The resources that bring an overlay into the sidecars of one namespace. They are the same for all its pods, hold no
 * secret, and change with gateways and versions, never with a policy.
 */
import type { CompiledPolicy } from "../../compile/compiled.ts";
import { COMPANION_LABEL, OVERLAY_LABEL } from "../../model/labels.ts";
import type { JsonObject } from "../envoy.ts";
import { codeUrl, type Mesh } from "./mesh.ts";
import { pinned } from "./pin.ts";
import { podRules } from "./rules.ts";
import { sidecarFilters, sidecarParts } from "./sidecar.ts";

/**
 * In the order in which they are applied: the rules first, since pods may start at any time; the guard last, when there
 * is a way through the tunnel.
 */
export function namespaceResources(policy: CompiledPolicy, namespace: string, mesh: Mesh): JsonObject[] {
  const overlay = policy.overlay.name;
  const audits = policy.overlay.enforcement === "Audit";
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata("sallyport-rules", namespace, overlay),
      // Pods load it by the init container of the injection template. Without it, as elsewhere, that does nothing.
      data: {
        "rules.nft": podRules({ cidrs: policy.overlay.cidr, audits, interception: policy.overlay.interception }),
      },
    },
    {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "EnvoyFilter",
      metadata: metadata("sallyport", namespace, overlay),
      spec: { configPatches: patches(policy, mesh) },
    },
    // It can only deny.
    ...(audits ? [] : [companion(policy, namespace, mesh)]),
    {
      apiVersion: "extensions.istio.io/v1alpha1",
      kind: "WasmPlugin",
      metadata: metadata("sallyport-guard", namespace, overlay),
      spec: guard(policy, mesh),
    },
  ];
}

function companion(policy: CompiledPolicy, namespace: string, mesh: Mesh): JsonObject {
  const overlay = policy.overlay.name;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metadata("sallyport", namespace, overlay, { [COMPANION_LABEL]: overlay }),
    spec: pinned(policy, mesh),
  };
}

function patches(policy: CompiledPolicy, mesh: Mesh): JsonObject[] {
  const { outbound, tunnel, clusters } = sidecarParts(policy, mesh);
  return [
    ...clusters.map((cluster) => addition("CLUSTER", "SIDECAR_OUTBOUND", cluster)),
    ...sidecarFilters(policy, mesh).map((filter) => addition("EXTENSION_CONFIG", "ANY", filter)),
    addition("LISTENER", "SIDECAR_OUTBOUND", outbound),
    addition("LISTENER", "SIDECAR_INBOUND", tunnel),
  ];
}

function addition(applyTo: string, context: string, value: JsonObject): JsonObject {
  return { applyTo, match: { context }, patch: { operation: "ADD", value } };
}

/** First of all filters of the inbound listener: RBAC would wait for a client's first bytes and leak a greeting. */
function guard({ overlay }: CompiledPolicy, mesh: Mesh): JsonObject {
  return {
    type: "NETWORK",
    url: codeUrl(mesh),
    sha256: mesh.codeDigest,
    phase: "AUTHN",
    priority: 1000,
    failStrategy: "FAIL_CLOSE",
    match: [{ mode: "SERVER" }],
    pluginName: "guard",
    pluginConfig: {
      role: "guard",
      ...(overlay.podOptOut === "Allow" && { "opt-out": "allow" }),
      ...(overlay.enforcement === "Audit" && { audit: "true" }),
    },
  };
}

export function metadata(name: string, namespace: string, overlay: string, more: JsonObject = {}): JsonObject {
  return {
    name,
    namespace,
    labels: { "app.kubernetes.io/managed-by": "sallyport", [OVERLAY_LABEL]: overlay, ...more },
  };
}
