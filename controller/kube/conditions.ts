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

/** What a condition says. */
export type Finding = Pick<Condition, "status" | "reason" | "message">;

/** Longer messages are refused by the server. */
const MESSAGE_MAX = 32_768;
const SHOWN_MAX = 20;

/**
 * The status that an object should have after what was said of it, or undefined if it has it: a status that is written
 * without need would wake everybody who watches, this program too. `programmed` is what Programmed says of kinds that have it.
 */
export function neededStatus(
  object: KubeObject,
  rejections: readonly Rejection[],
  programmed: Finding | undefined,
  now: Date,
): Status | undefined {
  const { generation } = object.metadata as { readonly generation?: unknown };
  const observedGeneration = typeof generation === "number" ? generation : 0;
  const there = conditionsOf(object);
  const findings = { Accepted: accepted(rejections), ...(programmed && { Programmed: programmed }) };
  const conditions = Object.entries(findings).map(([type, { status, reason, message }]) => {
    const before = there.find((condition) => condition.type === type);
    const isSame = before?.status === status && typeof before.lastTransitionTime === "string";
    const lastTransitionTime = isSame ? String(before.lastTransitionTime) : `${now.toISOString().slice(0, 19)}Z`;
    return { type, status, reason, message, observedGeneration, lastTransitionTime };
  });
  const isSaid = conditions.every((wanted) => there.some((condition) => says(condition, wanted)));
  return isSaid ? undefined : { observedGeneration, conditions };
}

function accepted(rejections: readonly Rejection[]): Finding {
  if (rejections.length === 0) return { status: "True", reason: "Accepted", message: "in use" };
  return { status: "False", reason: "Invalid", message: said(rejections) };
}

function says(condition: Record<string, unknown>, wanted: Condition): boolean {
  return Object.entries(wanted).every(([field, value]) => condition[field] === value);
}

/** All of them in a sentence that the server takes. */
export function said(rejections: readonly Rejection[]): string {
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
