/** Pods that loaded our rules when they started, which stay until they end. Pure. */
import { type Json, textAt } from "../check/json.ts";
import { containerOf, workloadOf } from "../check/opted-in.ts";

/** RFC 3339; pods created then count. */
export interface Span {
  readonly after?: string;
  readonly before?: string;
}

/** `deployment/web` of pods with our init container that were created in that time. */
export function rulesHeld(pods: readonly Json[], { after, before }: Span): string[] {
  const first = after === undefined ? Number.NEGATIVE_INFINITY : wholeSecond(after);
  const last = before === undefined ? Number.POSITIVE_INFINITY : wholeSecond(before);
  const held = pods.filter((pod) => {
    const created = Date.parse(textAt(pod, "metadata", "creationTimestamp") ?? "");
    return containerOf(pod, "sallyport-init") !== undefined && created >= first && created < last;
  });
  return [...new Set(held.map(workloadOf))].sort();
}

/** As creationTimestamps are written. */
function wholeSecond(time: string): number {
  return Math.floor(Date.parse(time) / 1000) * 1000;
}
