/** What keeps pods of opted-in namespaces out of the overlay, or lets them go around it. Pure. */
import type { KubeObject } from "../kube/list-watch.ts";
import { INIT_CONTAINER, RULES_TITLE } from "../model/labels.ts";
import { hasEnded } from "../read/pod.ts";
import { isMapping } from "../read/schema.ts";

export interface PodComplaint {
  /** One word for programs. */
  readonly reason: "HostNetwork" | "NoSidecar" | "NoInitContainer" | "NoRules" | "CaptureExcluded";
  /** What is wrong and what to do, after the pod's name. */
  readonly message: string;
}

/** Istio's; connections that they name don't pass the sidecar. */
const EXCLUSIONS = ["excludeOutboundPorts", "excludeOutboundIPRanges", "excludeInboundPorts", "excludeInterfaces"].map(
  (name) => `traffic.sidecar.istio.io/${name}`,
);

const HOST_NETWORK: PodComplaint = {
  reason: "HostNetwork",
  message:
    "uses its node's network, so it is an outsider: nothing lets it in or guards it; run it in another namespace",
};
const NO_SIDECAR: PodComplaint = {
  reason: "NoSidecar",
  message:
    "has no container istio-proxy, so nothing reaches it and it reaches no member: have it injected and restart it",
};
const NO_INIT: PodComplaint = {
  reason: "NoInitContainer",
  message:
    "has no init container sallyport-init, so its connections pass by the overlay: inject the template sallyport " +
    "(annotation inject.istio.io/templates: sidecar,sallyport, or Istio's defaultTemplates) and restart it",
};

const NO_RULES: PodComplaint = {
  reason: "NoRules",
  message:
    "was started when its namespace wasn't opted in, so nothing leads its connections into the overlay: restart it",
};

/** The first thing that is wrong with a pod; undefined: nothing, or it has ended. */
export function podComplaint({ metadata, spec, status }: KubeObject): PodComplaint | undefined {
  if (!isMapping(spec) || !isMapping(metadata) || hasEnded(isMapping(status) ? status.phase : undefined))
    return undefined;
  if (spec.hostNetwork === true) return HOST_NETWORK;
  const initial = namesOf(spec.initContainers);
  if (![...namesOf(spec.containers), ...initial].includes("istio-proxy")) return NO_SIDECAR;
  if (!initial.includes(INIT_CONTAINER)) return NO_INIT;
  if (hasEndedWithoutRules(status)) return NO_RULES;
  const annotations = isMapping(metadata.annotations) ? metadata.annotations : {};
  const hole = EXCLUSIONS.find((name) => (annotations[name] ?? "") !== "");
  if (hole === undefined) return undefined;
  const message = `has the annotation ${hole}: what it names passes by the overlay; remove it and restart the pod`;
  return { reason: "CaptureExcluded", message };
}

/** While it hasn't ended there is nothing to say. */
function hasEndedWithoutRules(status: unknown): boolean {
  const all = isMapping(status) && Array.isArray(status.initContainerStatuses) ? status.initContainerStatuses : [];
  const own = all.find((one) => isMapping(one) && one.name === INIT_CONTAINER);
  const terminated = own?.state?.terminated;
  return isMapping(terminated) && !String(terminated.message ?? "").startsWith(RULES_TITLE);
}

function namesOf(containers: unknown): unknown[] {
  return Array.isArray(containers) ? containers.map((one) => (isMapping(one) ? one.name : undefined)) : [];
}
