/** Istio itself: its kinds, its version, its injector. */
import { didYouMean } from "../read/closest.ts";
import { type Facts, objectsOf } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { type Json, labelOf, listAt, namespaceOf, textAt, titleOf } from "./json.ts";
import { meshPods, optedIn } from "./opted-in.ts";
import { isOlder, minorVersion } from "./version.ts";

/** Minor versions that the tests run with. */
export const TESTED_ISTIO: readonly string[] = ["1.31"];
/** Older ones have no WasmPlugin of type NETWORK, which the guard is. */
const ISTIO_MIN = "1.20";

export const ISTIO_KINDS = [
  "EnvoyFilter",
  "WasmPlugin",
  "Sidecar",
  "PeerAuthentication",
  "AuthorizationPolicy",
] as const;
/** Name of the injection template that puts our init container and the pod's uid into a pod. */
export const TEMPLATE = "sallyport";
export const TEMPLATES_ANNOTATION = "inject.istio.io/templates";

export function istioDefinitions({ listings }: Facts): Finding[] {
  return ISTIO_KINDS.filter((kind) => listings.get(kind)?.state === "missing").map((kind) => ({
    severity: "error",
    object: "",
    message: `the API server doesn't know Istio's kind ${kind}`,
    advice: "install Istio, or its chart base, with its CRDs",
  }));
}

export function istioVersion(facts: Facts): Finding[] {
  const istiods = objectsOf(facts, "Deployment").filter((one) => isIstiod(one, facts));
  if (istiods.length === 0) {
    const message = `there is no Deployment of istiod in namespace ${facts.mesh.istioNamespace}`;
    const advice = "say --istio-namespace if Istio is elsewhere; an external control plane can't be looked at";
    return [{ severity: "warning", object: "", message, advice }];
  }
  return istiods.flatMap((istiod): Finding[] => {
    const object = titleOf(istiod);
    const said = versionOf(istiod);
    const minor = said === undefined ? undefined : minorVersion(said);
    if (minor === undefined) {
      const message = `doesn't say which version of Istio it is${said === undefined ? "" : `, but "${said}"`}`;
      return [{ severity: "warning", object, message, advice: `see that it is ${TESTED_ISTIO.join(" or ")}` }];
    }
    if (TESTED_ISTIO.includes(minor)) return [];
    if (isOlder(minor, ISTIO_MIN)) {
      const message = `is Istio ${said}, which can't run the guard in front of an app`;
      return [{ severity: "error", object, message, advice: `upgrade Istio to ${TESTED_ISTIO.join(" or ")}` }];
    }
    const message = `is Istio ${said}, with which Sallyport hasn't been tested: ${TESTED_ISTIO.join(", ")} is`;
    return [{ severity: "warning", object, message, advice: "try it on a namespace that nobody depends on first" }];
  });
}

function isIstiod(deployment: Json, { mesh }: Facts): boolean {
  return namespaceOf(deployment) === mesh.istioNamespace && labelOf(deployment, "app") === "istiod";
}

/** Its label, or the tag of the image that it runs. */
function versionOf(deployment: Json): string | undefined {
  const label = labelOf(deployment, "app.kubernetes.io/version");
  if (label !== undefined && minorVersion(label) !== undefined) return label;
  const containers = listAt(deployment, "spec", "template", "spec", "containers");
  const images = containers.flatMap((one) => textAt(one, "image") ?? []);
  const tags = images.flatMap((image) => /:([^/:@]+)(?:@|$)/.exec(image)?.[1] ?? []);
  return tags.find((tag) => minorVersion(tag) !== undefined) ?? tags[0] ?? label;
}

/** Namespaces whose pods get no sidecar, or one of a revision that isn't there. */
export function injection(facts: Facts): Finding[] {
  const revisions = revisionsOf(facts);
  return optedIn(facts).flatMap(({ namespace, name }): Finding[] => {
    const object = titleOf(namespace);
    const [injects, revision] = [labelOf(namespace, "istio-injection"), labelOf(namespace, "istio.io/rev")];
    if (injects === "enabled") return [];
    const label = `kubectl label namespace ${name} --overwrite istio-injection=enabled`;
    if (injects !== undefined) {
      const message = `has the label istio-injection=${injects}, so that its pods get no sidecar`;
      return [{ severity: "error", object, message, advice: `run ${label}` }];
    }
    if (revision === undefined) {
      const message = "is opted in, but Istio injects no sidecars into its pods";
      return [{ severity: "error", object, message, advice: `run ${label}, or label it istio.io/rev=REVISION` }];
    }
    if (revisions === undefined || revisions.has(revision)) return [];
    const message = `is labelled istio.io/rev=${revision}, a revision that isn't there${didYouMean(revision, revisions)}`;
    return [{ severity: "error", object, message, advice: `name one of ${[...revisions].sort().join(", ")}` }];
  });
}

/** Revisions, and tags that stand for them; undefined where webhooks may not be read. */
function revisionsOf(facts: Facts): Set<string> | undefined {
  if (facts.listings.get("MutatingWebhookConfiguration")?.state !== "known") return undefined;
  const webhooks = objectsOf(facts, "MutatingWebhookConfiguration");
  const named = webhooks.flatMap((one) => [labelOf(one, "istio.io/rev") ?? [], labelOf(one, "istio.io/tag") ?? []]);
  return new Set([...named.flat(), ...facts.injectors.map(({ revision }) => revision)]);
}

/** Injectors without our template, or that don't use it for pods that don't ask for it. */
export function injectionTemplate(facts: Facts): Finding[] {
  if (facts.injectors.length === 0) {
    const message = `no ConfigMap istio-sidecar-injector in namespace ${facts.mesh.istioNamespace}`;
    return [{ severity: "error", object: "", message, advice: "say --istio-namespace if Istio is elsewhere" }];
  }
  return facts.injectors.flatMap(({ object, templates, defaultTemplates }): Finding[] => {
    const advice = "add it to the values of istiod's chart, as docs/install.md says";
    if (templates === undefined)
      return [{ severity: "warning", object, message: "its entry config is no YAML that can be read", advice }];
    if (!templates.includes(TEMPLATE)) {
      const message = `has no injection template ${TEMPLATE}: new pods get neither redirect nor guard`;
      return [{ severity: "error", object, message, advice }];
    }
    if (defaultTemplates.includes(TEMPLATE) || everyPodAsks(facts)) return [];
    const message = `doesn't use the template ${TEMPLATE} unless a pod asks for it`;
    const ask = `annotate pod templates ${TEMPLATES_ANNOTATION}: sidecar,${TEMPLATE}, or add it to defaultTemplates`;
    return [{ severity: "warning", object, message, advice: ask }];
  });
}

function everyPodAsks(facts: Facts): boolean {
  return meshPods(facts).every(({ pod }) => {
    const asked = textAt(pod, "metadata", "annotations", TEMPLATES_ANNOTATION) ?? "";
    return asked.split(",").includes(TEMPLATE);
  });
}
