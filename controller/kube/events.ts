/** Events (events.k8s.io/v1): what `kubectl describe` and `kubectl events` show below an object. */
import { createHash } from "node:crypto";
import type { ApiClient } from "./api-client.ts";
import { metadataOf, type Outcome, outcomeOf } from "./apply.ts";
import type { KubeObject } from "./list-watch.ts";

/** A state of an object that people should know of. */
export interface Announcement {
  readonly regarding: KubeObject;
  readonly type: "Normal" | "Warning";
  /** One word for programs. */
  readonly reason: string;
  /** A sentence for people. */
  readonly note: string;
}

const REPORTER = "sallyport.dev/controller";
/** Longer notes are refused. */
const NOTE_MAX = 1024;
const NAME_MAX = 230;
const CONFLICT = 409;

/** What tells an announcement from others: the same one is said once, whoever says it. */
export function announcementKey({ regarding, reason, note }: Announcement): string {
  const { uid = "" } = metadataOf(regarding);
  return createHash("sha256")
    .update(JSON.stringify([uid, reason, note]))
    .digest("hex")
    .slice(0, 16);
}

/** Says it, unless it was said within the hour for which the server keeps Events. `instance`: the pod that says it. */
export async function announce(
  client: ApiClient,
  announcement: Announcement,
  instance: string,
  now: Date,
): Promise<Outcome> {
  const { regarding, type, reason, note } = announcement;
  const { name, namespace, uid, resourceVersion } = metadataOf(regarding);
  const { kind, apiVersion } = regarding;
  // A Namespace's Events are in it, where its people look.
  const place = kind === "Namespace" ? name : namespace;
  const eventNamespace = place ?? "default";
  const event = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: `${name.slice(0, NAME_MAX)}.${announcementKey(announcement)}`, namespace: eventNamespace },
    eventTime: now.toISOString().replace("Z", "000Z"), // MicroTime has six digits
    reportingController: REPORTER,
    reportingInstance: instance,
    action: "Compile",
    reason,
    type,
    note: note.slice(0, NOTE_MAX),
    regarding: { kind, apiVersion, name, uid, resourceVersion, ...(place !== undefined && { namespace: place }) },
  };
  const reply = await client.ask("POST", `/apis/events.k8s.io/v1/namespaces/${eventNamespace}/events`, event);
  return reply.status === CONFLICT ? { kind: "done", object: undefined } : outcomeOf(reply);
}
