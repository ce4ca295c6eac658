/** The listener for other nodes: HTTP/2 CONNECT in mutual TLS. */
import { TUNNEL_PORT } from "../model/ports.ts";
import {
  BUFFER_LIMIT,
  extension,
  http2Downstream,
  type Json,
  type JsonObject,
  listenOn,
  mutualTls,
  type SanMatch,
  type TlsSecrets,
} from "./envoy.ts";

export interface Tunnel {
  /** Of the listener, and of its statistics. */
  readonly name: string;
  /** Addresses to listen on, without port. */
  readonly listen: readonly string[];
  readonly tls: TlsSecrets;
  /** The SPIFFE ids that may open a tunnel. */
  readonly peers: readonly SanMatch[];
  /** HTTP filters, the router last. */
  readonly filters: readonly Json[];
  /** `routeConfig`, or where it comes from. */
  readonly routing: JsonObject;
  /** The Envoy has settings for stream resets; one that hasn't refuses a configuration with them. */
  readonly resetLimits: boolean;
}

/** :15042, mutual TLS, CONNECT only. Peers are checked by Envoy before any code of ours runs. */
export function tunnelListener(tunnel: Tunnel): JsonObject {
  const manager = extension(
    "envoy.filters.network.http_connection_manager",
    "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    {
      stat_prefix: tunnel.name,
      codec_type: "HTTP2",
      generate_request_id: false,
      // The peer's address is the connection's: by default Envoy takes it from a header that any peer can send.
      use_remote_address: true,
      skip_xff_append: true,
      stream_idle_timeout: "0s",
      // A peer has this long to send a request's headers; the flow itself has no limit.
      request_headers_timeout: "10s",
      max_request_headers_kb: 8,
      common_http_protocol_options: { idle_timeout: "3600s", max_headers_count: 32 },
      http2_protocol_options: http2Downstream(tunnel.resetLimits),
      upgrade_configs: [{ upgrade_type: "CONNECT" }],
      ...tunnel.routing,
      http_filters: tunnel.filters,
    },
  );
  return {
    name: tunnel.name,
    ...listenOn(tunnel.listen, TUNNEL_PORT),
    per_connection_buffer_limit_bytes: BUFFER_LIMIT,
    // Tunnel connections are few and long-lived: spread them exactly over the workers.
    connection_balance_config: { exact_balance: {} },
    filter_chains: [{ filters: [manager], transport_socket: mutualTls("Downstream", tunnel.tls, tunnel.peers) }],
  };
}

/** Routes as a tunnel's `routing`. */
export function staticRouting(name: string, routes: readonly Json[]): JsonObject {
  return { route_config: routeConfig(name, routes) };
}

export function routeConfig(name: string, routes: readonly Json[]): JsonObject {
  return { name, virtual_hosts: [{ name, domains: ["*"], routes }] };
}
