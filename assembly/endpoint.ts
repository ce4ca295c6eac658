/** endpoint.wasm: the filters of an endpoint's proxy, `stamp` and `guard` (network), `verify` (HTTP), and their image. */
import { Guard } from "./guard/guard.ts";
import { allocateForHost, beginCallback } from "./host/memory.ts";
import { Filter } from "./host/proxy.ts";
import { Stamp } from "./stamp/stamp.ts";
import { PluginConfig, PluginRole } from "./sync/config.ts";
import { Plugin } from "./sync/plugin.ts";
import { answered, configured, contextCreated, contextDeleted, ticked } from "./sync/plugins.ts";
import { Sync } from "./sync/sync.ts";
import { vm } from "./sync/vm.ts";
import { Verify } from "./verify/verify.ts";
import { Role } from "./wire/image.ts";

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
  return configured(root, length, Role.Endpoint, create) ? 1 : 0;
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

export function proxy_on_new_connection(context: u32): u32 {
  beginCallback();
  const flow = vm.flows.of(context);
  const plugin = vm.pluginOfFlow(flow);
  // No plugin of that sort: the configuration is not ours to run, so nothing passes.
  if (plugin === null) return Filter.Pause;
  if (plugin.config.role == PluginRole.Stamp) return (plugin as Stamp).connection(flow);
  return plugin.config.role == PluginRole.Guard ? (plugin as Guard).connection(flow) : Filter.Pause;
}

export function proxy_on_request_headers(context: u32, _headers: u32, _endOfStream: u32): u32 {
  beginCallback();
  const flow = vm.flows.of(context);
  const plugin = vm.pluginOfFlow(flow);
  if (plugin === null || plugin.config.role != PluginRole.Verify) return Filter.Pause;
  return (plugin as Verify).request(flow);
}

function create(root: u32, config: PluginConfig, sync: Sync): Plugin | null {
  if (config.role == PluginRole.Stamp) return new Stamp(root, config, sync);
  if (config.role == PluginRole.Verify) return new Verify(root, config, sync);
  if (config.role == PluginRole.Guard) return new Guard(root, config, sync);
  return null;
}
