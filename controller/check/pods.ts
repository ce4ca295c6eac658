/** Pods of namespaces that are opted in. */
import { addressNumber, blockRanges } from "../compile/ranges.ts";
import { parseAddress } from "../model/address.ts";
import { INIT_CONTAINER } from "../model/labels.ts";
import { listed } from "../offline/listed.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { at, type Json, labelOf, listAt, nameOf, namespaceOf, textAt, textsAt, titleOf } from "./json.ts";
import { loadedRules } from "./loaded-rules.ts";
import { containerOf, type MemberPod, memberPods, meshPods, sidecarOf, workloadOf } from "./opted-in.ts";

/** By which a sidecar knows which pod it is in. */
const UID = "ISTIO_META_SALLYPORT_POD_UID";

export function hostNetwork(facts: Facts): Finding[] {
  return memberPods(facts)
    .filter(({ pod }) => at(pod, "spec", "hostNetwork") === true)
    .map(({ pod }) => ({
      severity: "warning",
      object: titleOf(pod),
      message: "uses its node's network: it is an outsider, whom no policy selects and members refuse",
      advice: "give it a network of its own, or move it to a namespace that isn't opted in",
    }));
}

export function sidecarsThere(facts: Facts): Finding[] {
  const without = meshPods(facts).filter(({ pod }) => sidecarOf(pod) === undefined);
  return byWorkload(without).map(({ namespace, workload, pods }) => {
    const refused = pods.some((pod) => labelOf(pod, "sidecar.istio.io/inject") === "false");
    return {
      severity: "error",
      object: `${namespace}/${workload}`,
      message: `${listed(pods.map(nameOf))} without a sidecar: no flow of the overlay reaches or leaves it`,
      advice: refused
        ? "remove the label sidecar.istio.io/inject=false from its template, or move it to another namespace"
        : restart(namespace, workload),
    };
  });
}

/** Sidecars from before the opt-in, injected without our template, or with rules of another enforcement. */
export function restarts(facts: Facts): Finding[] {
  const withSidecar = meshPods(facts).filter(({ pod }) => sidecarOf(pod) !== undefined);
  const lacking = byWorkload(withSidecar.filter(({ pod }) => lacks(pod) !== undefined));
  const other = byWorkload(withSidecar.filter((member) => lacks(member.pod) === undefined && isOfOther(member)));
  return [
    ...lacking.map(({ namespace, workload, pods }) => ({
      severity: "error" as const,
      object: `${namespace}/${workload}`,
      message: `${listed(pods.map(nameOf))} without ${lacks(pods[0] as Json)}`,
      advice: restart(namespace, workload),
    })),
    ...other.map(({ namespace, workload, pods }) => ({
      severity: "warning" as const,
      object: `${namespace}/${workload}`,
      message: `${listed(pods.map(nameOf))} with rules of before: their guard in the kernel ${loadedRules(pods[0] as Json) === "audit" ? "lets in what the sidecar's refuses" : "refuses though the Overlay audits"}`,
      advice: restart(namespace, workload),
    })),
  ];
}

/** What our injection template, and the rules that it loads, would have put into a pod. */
function lacks(pod: Json): string | undefined {
  if (containerOf(pod, INIT_CONTAINER) === undefined)
    return `the init container ${INIT_CONTAINER}: injected without our template`;
  const names = listAt(sidecarOf(pod), "env").map((one) => textAt(one, "name"));
  if (!names.includes(UID)) return `the variable ${UID}: injected without our template`;
  return loadedRules(pod) === "none" ? "redirect and guard: started before the namespace was opted in" : undefined;
}

function isOfOther({ pod, home }: MemberPod): boolean {
  const loaded = loadedRules(pod);
  if (home.overlay === undefined || loaded === "unknown") return false;
  return (loaded === "audit") !== (textAt(home.overlay, "spec", "enforcement") === "Audit");
}

export function outsideBlocks(facts: Facts): Finding[] {
  return meshPods(facts).flatMap(({ pod, home }): Finding[] => {
    const blocks = textsAt(home.overlay, "spec", "cidr").flatMap((block) => blockRanges(block) ?? []);
    if (blocks.length === 0) return [];
    const outside = addressesOf(pod).filter((text) => {
      const bytes = parseAddress(text);
      const address = bytes === undefined ? undefined : addressNumber(bytes);
      return address !== undefined && !blocks.some(({ first, last }) => first <= address && address <= last);
    });
    if (outside.length === 0) return [];
    const message = `its address ${outside[0]} is outside of the blocks of Overlay ${home.overlayName}: flows to it aren't captured`;
    const advice = "add the block of its addresses to spec.cidr of the Overlay";
    return [{ severity: "error", object: titleOf(pod), message, advice }];
  });
}

function addressesOf(pod: Json): string[] {
  const all = listAt(pod, "status", "podIPs").flatMap((one) => textAt(one, "ip") ?? []);
  return all.length > 0 ? all : [textAt(pod, "status", "podIP") ?? []].flat();
}

interface Workload {
  readonly namespace: string;
  readonly workload: string;
  readonly pods: readonly Json[];
}

function byWorkload(members: readonly MemberPod[]): Workload[] {
  const found = new Map<string, { namespace: string; workload: string; pods: Json[] }>();
  const sorted = [...members].sort((a, b) => (nameOf(a.pod) < nameOf(b.pod) ? -1 : 1));
  for (const { pod } of sorted) {
    const [namespace, workload] = [namespaceOf(pod), workloadOf(pod)];
    const key = `${namespace} ${workload}`;
    const known = found.get(key) ?? { namespace, workload, pods: [] };
    found.set(key, known);
    known.pods.push(pod);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, workload]) => workload);
}

function restart(namespace: string, workload: string): string {
  if (workload.startsWith("pod/")) return `delete and create ${workload} of namespace ${namespace} again`;
  return `run kubectl -n ${namespace} rollout restart ${workload}`;
}
