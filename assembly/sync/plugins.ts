import { FLOW_RECORD, FlowField } from "../decide/flow-record.ts";
import { Role } from "../wire/image.ts";
import { beginCallback } from "../host/memory.ts";
import { actAs, ascii, Buffer, bufferBytes, closeStream, continueStream, defineMetric, Metric, nowNanoseconds, record, Stream, tickEvery } from "../host/proxy.ts";
import { PluginConfig, readConfig } from "./config.ts";
import { Flows, FlowState } from "./flows.ts";
import { Sync } from "./sync.ts";

/** Fine enough to give up held flows in time; a tick with nothing to do costs about a microsecond. */
const TICK_MS: u32 = 100;
const MAX_CONFIG_BYTES: i32 = 4096;
/** A flow from a source that the image doesn't know yet waits this long for a newer image. */
const HOLD_MS: u32 = 1000;
/** Bound of flows held at once, in all and from one peer. */
const MAX_HELD: i32 = 1024;

/** What a plugin does with its streams; one instance for each root context, so configurations never mix. */
export abstract class Plugin {
  constructor(
    readonly root: u32,
    readonly config: PluginConfig,
    readonly sync: Sync,
  ) {}

  /** Decides a held flow anew; true if it may go on, false if it is to be held longer or was refused. */
  abstract resume(context: u32, flow: i32, final: bool): bool;

  /** Is the live flow still allowed by the image in force? */
  abstract stillAllowed(flow: i32): bool;

  /** What closing a flow of this plugin means: the CONNECT stream, or the app's connection. */
  abstract stream(): Stream;
}

export type PluginFactory = (root: u32, config: PluginConfig, sync: Sync) => Plugin | null;

/** Everything that lives in this VM: its plugins by root context, their images and the flows on this worker. */
class Vm {
  readonly flows: Flows = new Flows();
  plugins: Plugin[] = [];
  syncs: Sync[] = [];
  held: i32 = 0;
  /** Something was dropped since the last collection. */
  litter: bool = false;
  worker: string = "";
  memoryMetric: u32 = 0;
  flowsMetric: u32 = 0;
}

export const vm: Vm = new Vm();
const configBytes: Uint8Array = new Uint8Array(MAX_CONFIG_BYTES);

export function nowMilliseconds(): u64 {
  return nowNanoseconds() / 1000000;
}

export function pluginOf(root: u32): Plugin | null {
  for (let i = 0; i < vm.plugins.length; i++) if (vm.plugins[i].root == root) return vm.plugins[i];
  return null;
}

/** The plugin that a flow record belongs to; null for no record. */
export function pluginOfFlow(flow: i32): Plugin | null {
  return flow < 0 ? null : pluginOf(vm.flows.view.getUint32(flow + FlowField.Root, true));
}

/** A context begins: a root context waits for its configuration, a stream's gets a flow record. */
export function contextCreated(context: u32, root: u32): void {
  beginCallback();
  if (root != 0) vm.flows.add(context, root);
}

export function contextDeleted(context: u32): void {
  beginCallback();
  const flow = vm.flows.of(context);
  if (flow >= 0) {
    if (vm.flows.state(flow) == FlowState.Held) vm.held--;
    return vm.flows.remove(context);
  }
  removePlugin(context);
}

/** `proxy_on_configure`: false makes the proxy refuse the configuration. */
export function configured(root: u32, length: i32, role: Role, create: PluginFactory): bool {
  beginCallback();
  if (length <= 0 || length > MAX_CONFIG_BYTES || !bufferBytes(Buffer.PluginConfiguration, length, configBytes)) return false;
  const config = readConfig(String.UTF8.decodeUnsafe(configBytes.dataStart, length));
  if (config === null) return false;
  if (vm.worker.length == 0) startVm();
  const plugin = create(root, config, syncFor(config, role));
  if (plugin === null) return false;
  removePlugin(root);
  vm.plugins.push(plugin);
  vm.litter = true;
  tickEvery(TICK_MS);
  return true;
}

/** `proxy_on_tick`: collects litter, polls, gives up flows held too long. */
export function ticked(root: u32): void {
  beginCallback();
  if (vm.litter) {
    vm.litter = false;
    __collect();
    record(vm.memoryMetric, (memory.size() as u64) << 16);
  }
  const plugin = pluginOf(root);
  if (plugin === null) return;
  const now = nowMilliseconds();
  plugin.sync.poll(root, now);
  record(vm.flowsMetric, vm.flows.alive as u64);
  if (plugin.sync.image.ready && (now / 1000) >= (plugin.sync.image.notAfter as u64)) reviewFlows(plugin.sync, root);
  if (vm.held > 0) giveUpHeld(root, now as u32);
}

/** `proxy_on_http_call_response`: a new image resumes what was held and closes what is no longer allowed. */
export function answered(root: u32, token: u32, bodyLength: i32): void {
  beginCallback();
  const plugin = pluginOf(root);
  if (plugin === null) return;
  vm.litter = true;
  const fresh = plugin.sync.answered(token, bodyLength, nowMilliseconds());
  if (fresh) reviewFlows(plugin.sync, root);
  plugin.sync.poll(root, nowMilliseconds());
}

/** Holds a flow until a newer image or the deadline; false if too many are held already. */
export function hold(flow: i32): bool {
  if (vm.held >= MAX_HELD) return false;
  vm.held++;
  vm.flows.setState(flow, FlowState.Held);
  vm.flows.view.setUint32(flow + FlowField.Deadline, (nowMilliseconds() as u32) + HOLD_MS, true);
  return true;
}

/** Decides every flow of an image again: held ones go on or wait on, live ones that are now denied are closed. */
function reviewFlows(sync: Sync, root: u32): void {
  const flows = vm.flows;
  for (let at = 0; at < flows.used * FLOW_RECORD; at += FLOW_RECORD) {
    const context = flows.view.getUint32(at + FlowField.Context, true);
    if (context == 0) continue;
    const plugin = pluginOf(flows.view.getUint32(at + FlowField.Root, true));
    if (plugin === null || plugin.sync !== sync) continue;
    const state = flows.state(at);
    if (state == FlowState.Held) resumeHeld(plugin, context, at, false);
    else if (state == FlowState.Live && !plugin.stillAllowed(at)) closeLive(plugin, context, at);
  }
  actAs(root);
}

function giveUpHeld(root: u32, nowMs: u32): void {
  const flows = vm.flows;
  for (let at = 0; at < flows.used * FLOW_RECORD; at += FLOW_RECORD) {
    const context = flows.view.getUint32(at + FlowField.Context, true);
    if (context == 0 || flows.state(at) != FlowState.Held) continue;
    if (((nowMs - flows.view.getUint32(at + FlowField.Deadline, true)) as i32) < 0) continue;
    const plugin = pluginOf(flows.view.getUint32(at + FlowField.Root, true));
    if (plugin !== null) resumeHeld(plugin, context, at, true);
  }
  actAs(root);
}

function resumeHeld(plugin: Plugin, context: u32, flow: i32, final: bool): void {
  if (!actAs(context)) return;
  if (plugin.resume(context, flow, final)) {
    vm.held--;
    continueStream(plugin.stream());
  } else if (vm.flows.state(flow) == FlowState.Refused) {
    vm.held--;
  }
}

function closeLive(plugin: Plugin, context: u32, flow: i32): void {
  vm.flows.setState(flow, FlowState.Refused);
  if (actAs(context)) closeStream(plugin.stream());
}

function syncFor(config: PluginConfig, role: Role): Sync {
  for (let i = 0; i < vm.syncs.length; i++) if (vm.syncs[i].config.sharesImage(config)) return vm.syncs[i];
  const sync = new Sync(config, role, vm.worker);
  vm.syncs.push(sync);
  return sync;
}

/** Host calls may not be made before the first configuration. */
function startVm(): void {
  vm.worker = workerToken();
  vm.memoryMetric = defineMetric(Metric.Gauge, ascii("sallyport.vm.memory_bytes"));
  vm.flowsMetric = defineMetric(Metric.Gauge, ascii("sallyport.vm.flows"));
}

/** A token by which the controller tells this worker's acknowledgements from others'; it is no secret. */
function workerToken(): string {
  const time = nowNanoseconds();
  return ((time * 6364136223846793005 + (changetype<usize>(vm.plugins) as u64)) ^ (time >> 29)).toString(16);
}

function removePlugin(root: u32): void {
  for (let i = 0; i < vm.plugins.length; i++) {
    if (vm.plugins[i].root != root) continue;
    const sync = vm.plugins[i].sync;
    sync.forget(root);
    vm.plugins.splice(i, 1);
    if (!inUse(sync)) vm.syncs.splice(vm.syncs.indexOf(sync), 1);
    vm.litter = true;
    return;
  }
}

function inUse(sync: Sync): bool {
  for (let i = 0; i < vm.plugins.length; i++) if (vm.plugins[i].sync === sync) return true;
  return false;
}
