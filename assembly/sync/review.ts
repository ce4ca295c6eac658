import { FLOW_RECORD, FlowField } from "../decide/flow-record.ts";
import { Verdict } from "../decide/verdict.ts";
import { actAs, closeStream, continueStream, nowMilliseconds } from "../host/proxy.ts";
import { FlowState } from "./flows.ts";
import { Plugin } from "./plugin.ts";
import { Sync } from "./sync.ts";
import { vm } from "./vm.ts";

/** Decides every flow of an image again: held ones go on or wait on, live ones that are now denied are closed. */
export function reviewFlows(sync: Sync, root: u32): void {
  const now = (nowMilliseconds() / 1000) as u32;
  const flows = vm.flows;
  for (let at = 0; at < flows.used * FLOW_RECORD; at += FLOW_RECORD) {
    if (flows.view.getUint32(at + FlowField.Context, true) == 0 || flows.state(at) != FlowState.Live) continue;
    const plugin = vm.pluginOfFlow(at);
    if (plugin === null || plugin.sync !== sync) continue;
    const verdict = plugin.admission.reconsider(flows.view, at, plugin.sides, now);
    if (verdict != Verdict.Allow) revoke(plugin, at, verdict, now);
  }
  for (let place = vm.holding.count - 1; place >= 0; place--) {
    const flow = vm.holding.at(place);
    const plugin = vm.pluginOfFlow(flow);
    if (plugin !== null && plugin.sync === sync) resumeHeld(plugin, flow, false);
  }
  actAs(root);
}

/** Gives up what was held too long. */
export function giveUpHeld(root: u32, nowMs: u32): void {
  for (let place = vm.holding.count - 1; place >= 0; place--) {
    // One that leaves may take others with it.
    if (place >= vm.holding.count) continue;
    const flow = vm.holding.at(place);
    if (((nowMs - vm.flows.view.getUint32(flow + FlowField.Deadline, true)) as i32) < 0) continue;
    const plugin = vm.pluginOfFlow(flow);
    // Without its plugin nobody can let it go on: it stays paused until its peer gives up.
    if (plugin === null) vm.holding.release(flow);
    else resumeHeld(plugin, flow, true);
  }
  actAs(root);
}

function resumeHeld(plugin: Plugin, flow: i32, final: bool): void {
  const context = vm.flows.view.getUint32(flow + FlowField.Context, true);
  if (!actAs(context)) vm.holding.release(flow);
  else if (plugin.resume(flow, final) == Verdict.Allow) continueStream(plugin.stream());
}

/** Its state first: closing may delete the context before it returns. */
function revoke(plugin: Plugin, flow: i32, verdict: Verdict, now: u32): void {
  vm.flows.setState(flow, FlowState.Refused);
  plugin.report.revoked(vm.flows.bytes, flow, verdict, plugin.admission, now);
  if (actAs(vm.flows.view.getUint32(flow + FlowField.Context, true))) closeStream(plugin.stream());
}
