import type { JsonObject } from "./envoy.ts";

/**
 * Envoy closes a connection whose streams are often reset early. Where peers are gateways, whose connections carry many
 * endpoints' flows, one endpoint could so close everybody's: there the limit is lifted. The first gateway of a path
 * keeps it, and what it closes is the connection of the endpoint that resets.
 */
export function runtimeValues(sharedTunnels: boolean): JsonObject {
  return sharedTunnels ? { "overload.premature_reset_total_stream_count": 4_000_000_000 } : {};
}
