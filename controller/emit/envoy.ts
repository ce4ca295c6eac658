/** Small builders of Envoy v3 API objects (JSON form) that every bootstrap and EnvoyFilter shares. */

import { HOP_PRIORITY } from "../model/ports.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const TYPE = "type.googleapis.com/envoy.";

/** 1 MiB a stream: one flow may fill a fast path; 1 GiB a connection: a thousand stalled readers don't block the others. */
const HTTP2_WINDOWS: JsonObject = {
  initial_stream_window_size: 1_048_576,
  initial_connection_window_size: 1_073_741_824,
};
const KEEPALIVE: JsonObject = { interval: "30s", timeout: "10s" };
const UNLIMITED = 1_000_000;

/** 256 KiB: smaller costs throughput, larger costs memory for every stalled reader. */
export const BUFFER_LIMIT = 262_144;

/** A named extension with its typed configuration. */
export function extension(name: string, type: string, config: JsonObject = {}): JsonObject {
  return { name, typed_config: typed(type, config) };
}

export function typed(type: string, config: JsonObject = {}): JsonObject {
  return { "@type": TYPE + type, ...config };
}

/** `ip:port` or `[ip]:port` as a socket address. */
export function socketAddress(text: string): JsonObject {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon).replace(/^\[|\]$/g, "");
  return { socket_address: { address: host, port_value: Number(text.slice(colon + 1)) } };
}

/** A listener's addresses: `hosts` without port. */
export function listenOn(hosts: readonly string[], port: number): JsonObject {
  const [first = "0.0.0.0", ...others] = hosts;
  const at = (host: string): JsonObject => ({ socket_address: { address: host, port_value: port } });
  if (others.length === 0) return { address: at(first) };
  return { address: at(first), additional_addresses: others.map((host) => ({ address: at(host) })) };
}

/** HTTP/2 towards the next proxy, CONNECT allowed, with limits that keep flows from killing each other. */
export function http2Upstream(keepalive: JsonObject = KEEPALIVE): JsonObject {
  return {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(
      "extensions.upstreams.http.v3.HttpProtocolOptions",
      {
        // Before 1.39.3 a connection dies of too many stream resets; retiring it after 900 flows is in time and harmless.
        common_http_protocol_options: { max_requests_per_connection: 900 },
        explicit_http_config: {
          http2_protocol_options: {
            allow_connect: true,
            // Bounds how many flows one failed connection takes with it.
            max_concurrent_streams: 100,
            connection_keepalive: keepalive,
            ...HTTP2_WINDOWS,
          },
        },
      },
    ),
  };
}

/** HTTP/2 options of a tunnel listener; `resetLimits`: of an Envoy that has settings for stream resets. */
export function http2Downstream(resetLimits: boolean): JsonObject {
  return {
    allow_connect: true,
    max_concurrent_streams: 1000,
    // A flow that ends in a reset is ordinary; the default limit would close every flow of the connection.
    ...(resetLimits ? { stream_reset_burst: UNLIMITED, stream_reset_rate: UNLIMITED } : {}),
    connection_keepalive: KEEPALIVE,
    ...HTTP2_WINDOWS,
  };
}

export function noCircuitBreakers(): JsonObject {
  return {
    thresholds: [
      { max_connections: UNLIMITED, max_pending_requests: UNLIMITED, max_requests: UNLIMITED, max_retries: UNLIMITED },
    ],
  };
}

/**
 * Marks the proxy's own sockets (SO_PRIORITY 5), so that the capture rule leaves them alone; `source` makes them come
 * from that address.
 */
export function ownSockets(source?: string): JsonObject {
  const mark = { description: "SO_PRIORITY", level: 1, name: 12, int_value: HOP_PRIORITY, state: "STATE_PREBIND" };
  const from = source === undefined ? {} : { source_address: { address: source, port_value: 0 } };
  return { ...from, socket_options: [mark] };
}

/** Where Envoy finds a node's certificate and what it trusts: SDS secrets. */
export interface TlsSecrets {
  readonly identity: JsonObject;
  readonly roots: JsonObject;
}

/** Secrets from SDS files: one with a secret named `identity`, and one with `roots`. */
export function fileSecrets(identityFile: string, rootsFile: string): TlsSecrets {
  const secret = (name: string, path: string): JsonObject => ({
    name,
    sds_config: { path_config_source: { path }, resource_api_version: "V3" },
  });
  return { identity: secret("identity", identityFile), roots: secret("roots", rootsFile) };
}

export interface SanMatch {
  readonly exact?: string;
  readonly prefix?: string;
}

/** Mutual TLS 1.3; `peers` are the SPIFFE ids that may be at the other end. */
export function mutualTls(side: "Upstream" | "Downstream", tls: TlsSecrets, peers: readonly SanMatch[]): JsonObject {
  const common = {
    alpn_protocols: ["h2"],
    // Both: with a minimum alone an upstream context keeps its maximum of 1.2 and fails without a word.
    tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
    tls_certificate_sds_secret_configs: [tls.identity],
    combined_validation_context: {
      default_validation_context: {
        match_typed_subject_alt_names: peers.map((peer) => ({ san_type: "URI", matcher: { ...peer } })),
      },
      validation_context_sds_secret_config: tls.roots,
    },
  };
  // A resumed session wouldn't verify the peer's certificate again.
  const downstream = {
    require_client_certificate: true,
    disable_stateless_session_resumption: true,
    disable_stateful_session_resumption: true,
  };
  return extension("envoy.transport_sockets.tls", `extensions.transport_sockets.tls.v3.${side}TlsContext`, {
    common_tls_context: common,
    ...(side === "Downstream" ? downstream : { max_session_keys: 0 }),
  });
}

/** A filter of ours, of code in a file. */
export function wasmFilter(kind: FilterKind, name: string, codeFile: string, configuration: string): JsonObject {
  return wasmExtension(kind, name, { local: { filename: codeFile } }, configuration);
}

export type FilterKind = "network" | "http";

/** Plugins of the same code share one VM a worker, so `vm_id` is the same for all. `code` is an AsyncDataSource. */
export function wasmExtension(kind: FilterKind, name: string, code: JsonObject, configuration: string): JsonObject {
  return extension(`sallyport.${name}`, wasmType(kind), {
    config: {
      name: `sallyport.${name}`,
      root_id: name,
      // A trap closes what it hit and the VM is made anew; it never lets a flow through.
      failure_policy: "FAIL_RELOAD",
      vm_config: { vm_id: "sallyport", runtime: "envoy.wasm.runtime.v8", code },
      configuration: { "@type": "type.googleapis.com/google.protobuf.StringValue", value: configuration },
    },
  });
}

/** The same filter, whose configuration comes from the mesh's control plane under its name. */
export function discoveredFilter(kind: FilterKind, name: string): JsonObject {
  return {
    name: `sallyport.${name}`,
    config_discovery: {
      config_source: { ads: {}, initial_fetch_timeout: "0s", resource_api_version: "V3" },
      type_urls: [TYPE + wasmType(kind)],
    },
  };
}

function wasmType(kind: FilterKind): string {
  return `extensions.filters.${kind}.wasm.v3.Wasm`;
}

/** Copies filter state that a filter of ours set (`wasm.<from>`) to the key that Envoy reads; absent stays absent. */
export function filterState(
  kind: "network" | "http",
  copies: readonly { readonly from: string; readonly to: string }[],
): JsonObject {
  const on = kind === "http" ? "on_request_headers" : "on_new_connection";
  return extension(`envoy.filters.${kind}.set_filter_state`, `extensions.filters.${kind}.set_filter_state.v3.Config`, {
    [on]: copies.map(({ from, to }) => ({
      object_key: to,
      format_string: {
        text_format_source: { inline_string: `%FILTER_STATE(wasm.${from}:PLAIN)%` },
        omit_empty_values: true,
      },
      skip_if_empty: true,
    })),
  });
}
