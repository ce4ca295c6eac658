/** gateway.wasm: the filters of a SaP, for now `gate` (HTTP), and the image behind them. */
import { allocateForHost, beginCallback } from "../assembly/host/memory.ts";
import { Filter } from "../assembly/host/proxy.ts";
import { PluginConfig, PluginRole } from "../assembly/sync/config.ts";
import { Plugin } from "../assembly/sync/plugin.ts";
import { answered, configured, contextCreated, contextDeleted, ticked } from "../assembly/sync/plugins.ts";
import { Sync } from "../assembly/sync/sync.ts";
import { vm } from "../assembly/sync/vm.ts";
import { Role } from "../assembly/wire/image.ts";
import { Gate } from "./gate/gate.ts";

export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocateForHost(size);
}

export function proxy_on_context_create(context: u32, root: u32): void {
  contextCreated(context, root);
}

export function proxy_on_delete(context: u32): void {
  contextDeleted(context);
}

export function proxy_on_configure(root: u32, length: i32): u32 {
  return configured(root, length, Role.Gateway, create) ? 1 : 0;
}

export function proxy_on_tick(root: u32): void {
  ticked(root);
}

export function proxy_on_http_call_response(
  root: u32,
  token: u32,
  _headers: i32,
  bodyLength: i32,
  _trailers: i32,
): void {
  answered(root, token, bodyLength);
}

export function proxy_on_request_headers(context: u32, _headers: u32, _endOfStream: u32): u32 {
  beginCallback();
  const flow = vm.flows.of(context);
  const plugin = vm.pluginOfFlow(flow);
  // No plugin of that sort: the configuration is not ours to run, so nothing passes.
  if (plugin === null || plugin.config.role != PluginRole.Gate) return Filter.Pause;
  return (plugin as Gate).request(flow);
}

function create(root: u32, config: PluginConfig, sync: Sync): Plugin | null {
  return config.role == PluginRole.Gate ? new Gate(root, config, sync) : null;
}
