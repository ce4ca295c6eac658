/** What the proxy tells this VM about its contexts, whatever their plugins do with streams. */

import { Line } from "../host/line.ts";
import { beginCallback } from "../host/memory.ts";
import { Buffer, bufferBytes, LogLevel, nowMilliseconds, tickEvery } from "../host/proxy.ts";
import { Role } from "../wire/image.ts";
import { PluginConfig, readConfig } from "./config.ts";
import { ownPod } from "./own-pod.ts";
import { PluginFactory } from "./plugin.ts";
import { giveUpHeld, reviewFlows } from "./review.ts";
import { Sync } from "./sync.ts";
import { vm } from "./vm.ts";

/** Fine enough to give up held flows in time; a tick with nothing to do costs about a microsecond. */
const TICK_MS: u32 = 100;
const MAX_CONFIG_BYTES: i32 = 4096;

const configBytes: Uint8Array = new Uint8Array(MAX_CONFIG_BYTES);

/** A context begins: a root context waits for its configuration, a stream's gets a flow record. */
export function contextCreated(context: u32, root: u32): void {
  beginCallback();
  if (root != 0 && context != 0 && vm.flows.of(context) < 0) vm.flows.add(context, root);
}

export function contextDeleted(context: u32): void {
  beginCallback();
  const flow = vm.flows.of(context);
  if (flow < 0) {
    removePlugin(context);
  } else {
    vm.holding.release(flow);
    vm.flows.remove(context);
  }
}

/** `proxy_on_configure`: false makes the proxy refuse the configuration, and what the root context did so far goes on. */
export function configured(root: u32, length: i32, role: Role, create: PluginFactory): bool {
  beginCallback();
  vm.litter = true;
  if (length <= 0 || length > MAX_CONFIG_BYTES || !bufferBytes(Buffer.PluginConfiguration, length, configBytes))
    return false;
  const config = readConfig(String.UTF8.decodeUnsafe(configBytes.dataStart, length));
  if (config === null || !findNode(config)) return false;
  vm.start();
  const sync = syncFor(config, role);
  const plugin = create(root, config, sync);
  if (plugin === null) return false;
  // The new one first, so that an image that both use stays.
  if (!vm.syncs.includes(sync)) vm.syncs.push(sync);
  vm.plugins.push(plugin);
  if (vm.pluginOf(root) !== plugin) removePlugin(root);
  tickEvery(TICK_MS);
  return true;
}

/** `proxy_on_tick`: collects litter, polls, gives up flows held too long. */
export function ticked(root: u32): void {
  beginCallback();
  vm.collect();
  const plugin = vm.pluginOf(root);
  if (plugin === null) return;
  const now = nowMilliseconds();
  const image = plugin.sync.image;
  plugin.sync.poll(root, now);
  vm.observe();
  if (image.ready && now / 1000 >= (image.notAfter as u64)) reviewFlows(plugin.sync, root);
  if (vm.holding.count > 0) giveUpHeld(root, now as u32);
}

/** `proxy_on_http_call_response`: a new image resumes what was held and closes what is no longer allowed. */
export function answered(root: u32, token: u32, bodyLength: i32): void {
  beginCallback();
  // Before the next image arrives, or a quick succession of large ones would pile up until the next tick.
  vm.collect();
  const plugin = vm.pluginOf(root);
  if (plugin === null) return;
  if (bodyLength > 0) vm.litter = true;
  const now = nowMilliseconds();
  const fresh = plugin.sync.answered(root, token, bodyLength, now);
  if (fresh) reviewFlows(plugin.sync, root);
  plugin.sync.poll(root, now);
}

/** A sidecar that can't say which pod it is in is left without filters, and so lets nothing pass. */
function findNode(config: PluginConfig): bool {
  if (config.podOf.length == 0) return true;
  config.nodeHex = ownPod(config.podOf);
  if (config.nodeHex.length > 0) return true;
  new Line().text("sallyport: node metadata lacks NAMESPACE, NAME or SALLYPORT_POD_UID").send(LogLevel.Warn);
  return false;
}

function syncFor(config: PluginConfig, role: Role): Sync {
  for (let i = 0; i < vm.syncs.length; i++) if (vm.syncs[i].config.sharesImage(config)) return vm.syncs[i];
  return new Sync(config, role, vm.worker);
}

/** Removes the oldest plugin of a root context, and its image if no other plugin uses it. */
function removePlugin(root: u32): void {
  for (let i = 0; i < vm.plugins.length; i++) {
    if (vm.plugins[i].root != root) continue;
    const sync = vm.plugins[i].sync;
    vm.plugins.splice(i, 1);
    const successor = vm.pluginOf(root);
    if (successor === null || successor.sync !== sync) sync.forget(root);
    if (!inUse(sync)) vm.syncs.splice(vm.syncs.indexOf(sync), 1);
    vm.litter = true;
    return;
  }
}

function inUse(sync: Sync): bool {
  for (let i = 0; i < vm.plugins.length; i++) if (vm.plugins[i].sync === sync) return true;
  return false;
}
