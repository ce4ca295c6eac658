/** Overlays and the namespaces that name them. */
import { blockRanges } from "../compile/ranges.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import { didYouMean } from "../read/closest.ts";
import { type Facts, objectsOf } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { type Json, listAt, nameOf, numberAt, recordAt, textAt, textsAt, titleOf } from "./json.ts";
import { optedIn } from "./opted-in.ts";

/** Our kinds that say in their status what became of them. */
const OWN_KINDS = ["Overlay", "OverlayGateway", "OverlayEndpoint", "FlowPolicy"];

export function overlayThere(facts: Facts): Finding[] {
  const names = objectsOf(facts, "Overlay").map(nameOf);
  return optedIn(facts)
    .filter(({ overlay }) => overlay === undefined)
    .map(({ name, namespace, overlayName }) => ({
      severity: "error",
      object: titleOf(namespace),
      message: `its label ${OVERLAY_LABEL} names the Overlay ${overlayName}, which isn't there${didYouMean(overlayName, names)}`,
      advice: `create that Overlay, or run kubectl label namespace ${name} ${OVERLAY_LABEL}-`,
    }));
}

/** Conditions of Overlays that namespaces name, and of everything else of ours that was refused. */
export function accepted(facts: Facts): Finding[] {
  const named = new Set(optedIn(facts).map(({ overlayName }) => overlayName));
  return OWN_KINDS.flatMap((kind) =>
    objectsOf(facts, kind).flatMap((one): Finding[] => {
      const object = titleOf(one);
      const isNamed = kind === "Overlay" && named.has(nameOf(one));
      const condition = conditionOf(one, "Accepted");
      if (condition === undefined) {
        if (!isNamed) return [];
        const message = "no controller has looked at it: it has no condition Accepted";
        return [{ severity: "error", object, message, advice: "see what is said of the controller" }];
      }
      if (textAt(condition, "status") === "False") {
        const message = `isn't accepted: ${textAt(condition, "message") ?? "its status doesn't say why"}`;
        return [{ severity: "error", object, message, advice: "correct the object" }];
      }
      if (isCurrent(one, condition)) return [];
      const message = "the controller hasn't looked at its last change yet";
      return [
        { severity: "warning", object, message, advice: "wait a moment, then see what is said of the controller" },
      ];
    }),
  );
}

/** Whether all nodes run what was decided last. */
export function programmed(facts: Facts): Finding[] {
  const named = new Set(optedIn(facts).map(({ overlayName }) => overlayName));
  return objectsOf(facts, "Overlay").flatMap((overlay): Finding[] => {
    const condition = conditionOf(overlay, "Programmed");
    if (!named.has(nameOf(overlay)) || textAt(conditionOf(overlay, "Accepted"), "status") === "False") return [];
    if (textAt(condition, "status") === "True" && isCurrent(overlay, condition)) return [];
    const said = textAt(condition, "message") ?? "it has no condition Programmed";
    const message = `not all of its nodes run the current images, and the keys of older ones end: ${said}`;
    const advice =
      "wait a moment; then look for pods without sidecar, and for image.poll_failed in the sidecars' counters";
    return [{ severity: "warning", object: titleOf(overlay), message, advice }];
  });
}

export function conditionOf(object: unknown, type: string): Json | undefined {
  return listAt(object, "status", "conditions")
    .map((one) => recordAt(one))
    .find((one) => one.type === type);
}

function isCurrent(object: Json, condition: Json | undefined): boolean {
  const observed = numberAt(condition, "observedGeneration");
  return observed === undefined || observed >= (numberAt(object, "metadata", "generation") ?? 0);
}

export function overlayIds(facts: Facts): Finding[] {
  return pairs(objectsOf(facts, "Overlay")).flatMap(([one, other]): Finding[] => {
    const id = numberAt(one, "spec", "id");
    if (id === undefined || id !== numberAt(other, "spec", "id")) return [];
    const message = `has the id ${id} that Overlay ${nameOf(one)} has: their keys would be the same`;
    return [{ severity: "error", object: titleOf(other), message, advice: "make one of them anew with another id" }];
  });
}

/** What members of one send to members of the other goes past both. */
export function overlayBlocks(facts: Facts): Finding[] {
  return pairs(objectsOf(facts, "Overlay")).flatMap(([one, other]): Finding[] => {
    const shared = textsAt(other, "spec", "cidr").find((block) => textsAt(one, "spec", "cidr").some(meets(block)));
    if (shared === undefined) return [];
    const message = `its block ${shared} overlaps those of Overlay ${nameOf(one)}, whose members aren't its own`;
    const advice = "give them blocks of their own, unless the cluster has one block for all pods";
    return [{ severity: "warning", object: titleOf(other), message, advice }];
  });
}

function meets(block: string): (other: string) => boolean {
  const ranges = blockRanges(block) ?? [];
  return (other) => (blockRanges(other) ?? []).some((b) => ranges.some((a) => a.first <= b.last && b.first <= a.last));
}

/** Each pair once, both by name. */
function pairs(objects: readonly Json[]): (readonly [Json, Json])[] {
  const sorted = [...objects].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return sorted.flatMap((one, i) => sorted.slice(i + 1).map((other) => [one, other] as const));
}
