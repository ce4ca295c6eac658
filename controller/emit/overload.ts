/** What an Envoy gives up, and in which order, before it runs out of memory. */
import { extension, type JsonObject } from "./envoy.ts";

const HEAP = "envoy.resource_monitors.fixed_heap";
const CONNECTIONS = "envoy.resource_monitors.global_downstream_max_connections";

export function overloadManager(maxHeapBytes: number): JsonObject {
  const at = (value: number): JsonObject => ({ name: HEAP, threshold: { value } });
  return {
    refresh_interval: "0.25s",
    resource_monitors: [
      extension(HEAP, "extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig", {
        max_heap_size_bytes: maxHeapBytes,
      }),
      extension(CONNECTIONS, "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig", {
        max_active_downstream_connections: 100_000,
      }),
    ],
    actions: [
      { name: "envoy.overload_actions.shrink_heap", triggers: [at(0.9)] },
      { name: "envoy.overload_actions.stop_accepting_requests", triggers: [at(0.95)] },
      { name: "envoy.overload_actions.stop_accepting_connections", triggers: [at(0.98)] },
    ],
  };
}
