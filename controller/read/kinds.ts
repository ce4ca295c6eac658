import { closest } from "./closest.ts";
import { CLUSTER_POLICY_VERSION } from "./cluster-policy.ts";
import { type Issue, shown } from "./issue.ts";
import { API_VERSION } from "./overlay-kinds.ts";
import { isMapping } from "./schema.ts";

/** apiVersion by kind, of the kinds that are read. */
const VERSIONS = {
  Overlay: API_VERSION,
  OverlayGateway: API_VERSION,
  OverlayEndpoint: API_VERSION,
  FlowPolicy: API_VERSION,
  Namespace: "v1",
  NetworkPolicy: "networking.k8s.io/v1",
  ClusterNetworkPolicy: CLUSTER_POLICY_VERSION,
  Pod: "v1",
  Node: "v1",
  Service: "v1",
  EndpointSlice: "discovery.k8s.io/v1",
} as const;

export type Kind = keyof typeof VERSIONS;
const KINDS = Object.keys(VERSIONS) as Kind[];

/** Kinds of Kubernetes' that say nothing about who may reach whom, by API group. `*`: all of the group. */
const SILENT: Readonly<Record<string, readonly string[]>> = {
  "": [
    ...["ConfigMap", "Secret", "ServiceAccount", "Endpoints", "Event", "PersistentVolume", "PersistentVolumeClaim"],
    ...["ReplicationController", "PodTemplate", "LimitRange", "ResourceQuota"],
  ],
  "networking.k8s.io": ["Ingress", "IngressClass", "IPAddress", "ServiceCIDR"],
  ...Object.fromEntries(
    ["apps", "batch", "autoscaling", "policy", "rbac.authorization.k8s.io", "storage.k8s.io", "scheduling.k8s.io"]
      .concat(["coordination.k8s.io", "apiextensions.k8s.io", "admissionregistration.k8s.io", "events.k8s.io"])
      .concat(["security.istio.io", "networking.istio.io", "telemetry.istio.io", "extensions.istio.io"])
      .map((group) => [group, ["*"]]),
  ),
};

/** A kind that isn't read, and the policy that was probably meant: its denials stand. */
export interface UnknownKind extends Issue {
  readonly meant?: PolicyKind | undefined;
}

const POLICIES = ["NetworkPolicy", "ClusterNetworkPolicy", "FlowPolicy"] as const;
type PolicyKind = (typeof POLICIES)[number];

/** Policies under names of the past. */
const FORMER: Readonly<Record<string, string>> = {
  AdminNetworkPolicy: `write a ClusterNetworkPolicy of ${CLUSTER_POLICY_VERSION} with tier: Admin`,
  BaselineAdminNetworkPolicy: `write a ClusterNetworkPolicy of ${CLUSTER_POLICY_VERSION} with tier: Baseline`,
};

/** What sort of object it is: a kind that is read, one that may be skipped, or something wrong. */
export function kindOf(object: unknown): Kind | "skipped" | UnknownKind {
  if (!isMapping(object))
    return { path: [], message: `must be an object with apiVersion, kind and metadata, not ${shown(object)}` };
  const { kind, apiVersion } = object;
  if (typeof kind !== "string") return { path: ["kind"], message: `is required: ${KINDS.join(", ")} or List` };
  if (isKind(kind)) return kind;
  if (isSilent(kind, apiVersion)) return "skipped";
  const unknown = `${shown(kind)} is not a kind that is read here`;
  if (Object.hasOwn(FORMER, kind))
    return { path: ["kind"], message: `${unknown}; ${FORMER[kind]}`, meant: "ClusterNetworkPolicy" };
  const near = closest(kind, KINDS);
  const advice = near === undefined ? `: remove it, or use ${KINDS.join(", ")}` : `; did you mean ${near}?`;
  return { path: ["kind"], message: `${unknown}${advice}`, meant: POLICIES.find((policy) => policy === near) };
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(VERSIONS, kind);
}

function isSilent(kind: string, apiVersion: unknown): boolean {
  if (typeof apiVersion !== "string") return false;
  const group = apiVersion === "v1" ? "" : apiVersion.replace(/\/v[0-9][a-z0-9]*$/, "");
  const kinds = Object.hasOwn(SILENT, group) ? SILENT[group] : undefined;
  return kinds?.includes(kind) || kinds?.includes("*") || false;
}
