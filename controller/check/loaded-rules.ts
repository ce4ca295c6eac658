/** Which of our rules a pod has loaded, by the last words of its init container, which are in its status. */
import { INIT_CONTAINER, RULES_TITLE } from "../model/labels.ts";
import { type Json, listAt, textAt } from "./json.ts";

export type LoadedRules =
  /** Its guard refuses, or counts what it would refuse. */
  | "enforce"
  | "audit"
  /** It started when there were none. */
  | "none"
  /** Its init container hasn't ended yet. */
  | "unknown";

export function loadedRules(pod: Json): LoadedRules {
  const statuses = listAt(pod, "status", "initContainerStatuses");
  const own = statuses.find((one) => textAt(one, "name") === INIT_CONTAINER);
  const isStarting = textAt(pod, "status", "phase") === "Pending";
  const message = textAt(own, "state", "terminated", "message");
  if (message === undefined) return isStarting ? "unknown" : "none";
  if (!message.startsWith(RULES_TITLE)) return "none";
  return message.slice(RULES_TITLE.length).trim().startsWith("audit") ? "audit" : "enforce";
}
