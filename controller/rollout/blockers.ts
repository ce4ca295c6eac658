/** Findings of `check` that stop a rollout. Pure. */
import type { Result } from "../check/finding.ts";

export interface Blocker {
  readonly check: string;
  /** As in the finding: `namespace/workload` of pods that must start again. */
  readonly object: string;
  readonly text: string;
}

/** Not so before the opt-in, or what its own steps bring about. */
export const BEFORE_OPT_IN: ReadonlySet<string> = new Set(["emitted", "restart", "sidecar", "leftover"]);
/** Of no concern where somebody else runs the controller's part. */
const OF_CONTROLLER = new Set(["controller", "controller-leader", "controller-certificate", "overlay-accepted"]);

export function blockersOf(
  results: readonly Result[],
  ignored: ReadonlySet<string>,
  needsController: boolean,
): Blocker[] {
  return results
    .filter(({ severity }) => severity === "error")
    .filter(({ check }) => !ignored.has(check) && (needsController || !OF_CONTROLLER.has(check)))
    .map(({ check, object, message, advice }) => ({
      check,
      object,
      text: `${[object, message].filter(Boolean).join(": ")}; ${advice}`,
    }));
}

/**
 * Namespaces in which policy is enforced now and wouldn't be while the Overlay audits; none of a rollout that is under way.
 * `neighbours`: the others in the overlay. `isIn`: whether the namespace has its label.
 */
export function openedByAudit(
  namespace: string,
  neighbours: readonly string[],
  now: { readonly enforces: boolean; readonly isIn: boolean; readonly isUnderWay: boolean },
): string[] {
  if (!now.enforces) return [];
  return [...neighbours, ...(now.isIn && !now.isUnderWay ? [namespace] : [])];
}
