/** What Events should say of the objects of a cluster. Pure. */
import { metadataOf } from "../kube/apply.ts";
import { said } from "../kube/conditions.ts";
import type { Announcement } from "../kube/events.ts";
import type { KubeObject } from "../kube/list-watch.ts";
import { OPTED_OUT, OVERLAY_LABEL } from "../model/labels.ts";
import type { Origin, Overlay, Rejection } from "../model/resources.ts";
import type { Unapplied } from "./applier.ts";
import type { Decisions } from "./decisions.ts";
import { podComplaint } from "./pod-complaints.ts";

/** Where the objects are that messages are about. */
export interface Objects {
  find(origin: Pick<Origin, "kind" | "name">): KubeObject | undefined;
  readonly pods: readonly KubeObject[];
}

export function states(decisions: Decisions, unapplied: readonly Unapplied[], objects: Objects): Announcement[] {
  const overlays = new Map(decisions.world.overlays.map((overlay) => [overlay.name, overlay]));
  const labelled = new Map(
    decisions.world.namespaces.flatMap(({ name, labels }) => {
      const overlay = labels[OVERLAY_LABEL];
      return overlay === undefined ? [] : [[name, overlay] as const];
    }),
  );
  const ofNamespace = (name: string, reason: string, note: string): Announcement[] => {
    const regarding = objects.find({ kind: "Namespace", name });
    return regarding === undefined ? [] : [{ regarding, type: "Warning", reason, note }];
  };
  const unknown = [...labelled].filter(([, overlay]) => !overlays.has(overlay));
  return [
    ...rejected(decisions.rejections, objects),
    ...unknown.flatMap(([name, overlay]) => ofNamespace(name, "UnknownOverlay", unknownNote(overlay))),
    ...unapplied.flatMap(({ namespace, message }) => ofNamespace(namespace, "NotApplied", message)),
    ...podsAside(objects.pods, labelled, overlays).flatMap((facts) => ofNamespace(...facts)),
  ];
}

function unknownNote(overlay: string): string {
  return `the label ${OVERLAY_LABEL} names Overlay ${overlay}, which isn't there or isn't accepted: nothing is changed here until it is`;
}

function rejected(rejections: readonly Rejection[], objects: Objects): Announcement[] {
  const byObject = new Map<string, Rejection[]>();
  for (const rejection of rejections) {
    const key = `${rejection.origin.kind} ${rejection.origin.name}`;
    byObject.set(key, [...(byObject.get(key) ?? []), rejection]);
  }
  return [...byObject.values()].flatMap((about): Announcement[] => {
    const regarding = objects.find((about[0] as Rejection).origin);
    return regarding === undefined ? [] : [{ regarding, type: "Warning", reason: "Invalid", note: said(about) }];
  });
}

/** Namespace, reason and note, with one pod as an example: their number changes all the time. */
function podsAside(
  pods: readonly KubeObject[],
  labelled: ReadonlyMap<string, string>,
  overlays: ReadonlyMap<string, Overlay>,
): [string, string, string][] {
  const first = new Map<string, [string, string, string]>();
  for (const pod of pods) {
    const { namespace = "", name, labels = {} } = metadataOf(pod);
    const overlay = overlays.get(labelled.get(namespace) ?? "");
    if (overlay === undefined) continue;
    if (labels[OVERLAY_LABEL] === OPTED_OUT && overlay.podOptOut === "Allow") continue;
    const complaint = podComplaint(pod);
    if (complaint === undefined) continue;
    const key = `${namespace} ${complaint.reason}`;
    const note = `Pod ${name} ${complaint.message}`;
    if (note < (first.get(key)?.[2] ?? "~")) first.set(key, [namespace, complaint.reason, note]);
  }
  return [...first.values()];
}
