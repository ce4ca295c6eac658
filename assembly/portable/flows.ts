/** Plain functions over one table of flows, so that tests call both languages alike. */
import { FLOW_RECORD, FlowField } from "../decide/flow-record.ts";
import { Flows } from "../sync/flows.ts";

let flows = new Flows();

/** An empty table. */
export function resetFlows(): void {
  flows = new Flows();
}

/** Offset of a new record for a context that has none. */
export function addFlow(context: u32, root: u32): i32 {
  return flows.add(context, root);
}

export function removeFlow(context: u32): void {
  flows.remove(context);
}

/** Offset of a context's record, or -1. */
export function flowOf(context: u32): i32 {
  return flows.of(context);
}

export function flowRoot(at: i32): u32 {
  return flows.view.getUint32(at + FlowField.Root, true);
}

/** Fills what the table itself doesn't use, to see whether a reused record is clean. */
export function scribbleOnFlow(at: i32): void {
  for (let i: i32 = FlowField.Source; i < FLOW_RECORD; i++) flows.view.setUint8(at + i, 0xff);
}

export function isFlowClean(at: i32): bool {
  for (let i: i32 = FlowField.Source; i < FLOW_RECORD; i++) if (flows.view.getUint8(at + i) !== 0) return false;
  return true;
}

/** Contexts of all records in the order of the table, for what walks it. */
export function walkFlows(): Uint32Array {
  const contexts = new Uint32Array(flows.alive);
  let found = 0;
  for (let at = 0; at < flows.used * FLOW_RECORD; at += FLOW_RECORD) {
    const context = flows.view.getUint32(at + FlowField.Context, true);
    if (context !== 0 && found < contexts.length) contexts[found++] = context;
  }
  return contexts;
}
