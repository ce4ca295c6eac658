/** What an object of ours says about itself in its status (meta/v1 Condition). */
import type { Rejection } from "../model/resources.ts";
import { isMapping } from "../read/schema.ts";
import type { KubeObject } from "./list-watch.ts";

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  /** One word for programs. */
  readonly reason: string;
  /** A sentence for people. */
  readonly message: string;
  /** The metadata.generation that it is about. */
  readonly observedGeneration: number;
  /** When `status` changed last: RFC 3339, seconds. */
  readonly lastTransitionTime: string;
}

/** The part of a status that this program writes. */
export interface Status {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
}

/** Longer messages are refused by the server. */
const MESSAGE_MAX = 32_768;
const SHOWN_MAX = 20;

/**
 * The status that an object should have after what was said of it, or undefined if it has it: a status that is written
 * without need would wake everybody who watches, this program too.
 */
export function acceptance(object: KubeObject, rejections: readonly Rejection[], now: Date): Status | undefined {
  const { generation } = object.metadata as { readonly generation?: unknown };
  const observedGeneration = typeof generation === "number" ? generation : 0;
  const isAccepted = rejections.length === 0;
  const before = conditionsOf(object).find(({ type }) => type === "Accepted");
  const status = isAccepted ? "True" : "False";
  const condition: Condition = {
    type: "Accepted",
    status,
    reason: isAccepted ? "Accepted" : "Invalid",
    message: isAccepted ? "in use" : said(rejections),
    observedGeneration,
    lastTransitionTime:
      before?.status === status && typeof before.lastTransitionTime === "string"
        ? before.lastTransitionTime
        : `${now.toISOString().slice(0, 19)}Z`,
  };
  const isThere = Object.entries(condition).every(([field, value]) => before?.[field] === value);
  return isThere ? undefined : { observedGeneration, conditions: [condition] };
}

function said(rejections: readonly Rejection[]): string {
  const sentences = rejections
    .slice(0, SHOWN_MAX)
    .map(({ field, message }) => (field ? `${field} ${message}` : message));
  const more = rejections.length - sentences.length;
  return [...sentences, ...(more > 0 ? [`and ${more} more`] : [])].join("; ").slice(0, MESSAGE_MAX);
}

/** Whatever stands there: others may write conditions too. */
function conditionsOf({ status }: KubeObject): Record<string, unknown>[] {
  const conditions = isMapping(status) ? status.conditions : undefined;
  return Array.isArray(conditions) ? conditions.filter(isMapping) : [];
}
