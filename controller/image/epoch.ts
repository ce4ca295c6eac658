import type { CompiledPolicy } from "../compile/compiled.ts";

/** Images are issued again this soon after an epoch began. */
const SLACK_MS = 20;

/** Milliseconds until keys of the next epoch of any of these overlays are due; undefined: there is no overlay. */
export function untilNextEpochMs(policies: readonly CompiledPolicy[], nowMs: number): number | undefined {
  const waits = policies.map(({ overlay }) => {
    const epochMs = overlay.keys.epochSeconds * 1000;
    return epochMs - (nowMs % epochMs);
  });
  return waits.length === 0 ? undefined : Math.min(...waits) + SLACK_MS;
}
