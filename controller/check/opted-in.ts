/** Namespaces that are opted in, and their pods. */
import { OPTED_OUT, OVERLAY_LABEL } from "../model/labels.ts";
import { type Facts, objectsOf } from "./facts.ts";
import { at, type Json, labelOf, listAt, nameOf, namespaceOf, textAt } from "./json.ts";

export interface OptedIn {
  readonly namespace: Json;
  readonly name: string;
  /** What its label names. */
  readonly overlayName: string;
  /** Undefined: there is none of that name. */
  readonly overlay: Json | undefined;
}

/** By name; of one namespace only, if only that is looked at. */
export function optedIn(facts: Facts): OptedIn[] {
  const overlays = new Map(objectsOf(facts, "Overlay").map((overlay) => [nameOf(overlay), overlay]));
  return objectsOf(facts, "Namespace")
    .flatMap((namespace) => {
      const [name, overlayName] = [nameOf(namespace), labelOf(namespace, OVERLAY_LABEL)];
      if (overlayName === undefined || (facts.namespace ?? name) !== name) return [];
      return [{ namespace, name, overlayName, overlay: overlays.get(overlayName) }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function optedInNames(facts: Facts): Set<string> {
  return new Set(optedIn(facts).map(({ name }) => name));
}

export interface MemberPod {
  readonly pod: Json;
  readonly home: OptedIn;
}

/** Pods that live, of namespaces that are opted in, but for those that opted out as their Overlay lets them. */
export function memberPods(facts: Facts): MemberPod[] {
  const homes = new Map(optedIn(facts).map((home) => [home.name, home]));
  return objectsOf(facts, "Pod").flatMap((pod) => {
    const home = homes.get(namespaceOf(pod));
    return home === undefined || hasEnded(pod) || isOut(pod, home) ? [] : [{ pod, home }];
  });
}

/** Pods whose sidecar, if they have one, is the network's and theirs alone. */
export function meshPods(facts: Facts): MemberPod[] {
  return memberPods(facts).filter(({ pod }) => at(pod, "spec", "hostNetwork") !== true);
}

function hasEnded(pod: Json): boolean {
  return ["Succeeded", "Failed"].includes(textAt(pod, "status", "phase") ?? "");
}

function isOut(pod: Json, { overlay }: OptedIn): boolean {
  return labelOf(pod, OVERLAY_LABEL) === OPTED_OUT && textAt(overlay, "spec", "podOptOut") === "Allow";
}

/** A container or an init container of that name. */
export function containerOf(pod: Json, name: string): Json | undefined {
  const all = [...listAt(pod, "spec", "initContainers"), ...listAt(pod, "spec", "containers")];
  return all.find((container): container is Json => textAt(container, "name") === name);
}

export function sidecarOf(pod: Json): Json | undefined {
  return containerOf(pod, "istio-proxy");
}

/** `deployment/web`: what people restart. A ReplicaSet's name is its Deployment's and the template's hash. */
export function workloadOf(pod: Json): string {
  const owner = listAt(pod, "metadata", "ownerReferences").find((one) => at(one, "controller") === true);
  const [kind, name] = [textAt(owner, "kind"), textAt(owner, "name")];
  if (kind === undefined || name === undefined) return `pod/${nameOf(pod)}`;
  const hash = labelOf(pod, "pod-template-hash");
  if (kind !== "ReplicaSet" || hash === undefined) return `${kind.toLowerCase()}/${name}`;
  return `deployment/${name.slice(0, -hash.length - 1)}`;
}
