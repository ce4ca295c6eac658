/** Static bootstraps of stand-alone Envoys. They change with the topology, never with a policy. */

import { OUTBOUND_PORT, TUNNEL_PORT } from "../model/ports.ts";
import {
  BUFFER_LIMIT,
  extension,
  filterState,
  http2Downstream,
  http2Upstream,
  type Json,
  type JsonObject,
  mutualTls,
  noCircuitBreakers,
  ownSockets,
  type SanMatch,
  socketAddress,
  type TlsFiles,
  wasmFilter,
} from "./envoy.ts";

/** Flows have no idle limit, so the kernel must find out that the other end has gone. Seconds. */
const KEEPALIVE: JsonObject = { tcp_keepalive: { keepalive_time: 60, keepalive_interval: 10, keepalive_probes: 6 } };
const SO_KEEPALIVE: JsonObject = {
  description: "SO_KEEPALIVE",
  level: 1,
  name: 9,
  int_value: 1,
  state: "STATE_PREBIND",
};
const ORIGINAL_DST_ADDRESS = "envoy.network.transport_socket.original_dst_address";

/** A gateway group as its neighbours see it. */
export interface GatewayRef {
  /** 16 hex digits. */
  readonly nodeId: string;
  /** `ip:port` of every replica. */
  readonly addresses: readonly string[];
  readonly identity: string;
}

/** What both kinds of node have in common. */
export interface NodeSettings {
  /** Unique on the machine; also Envoy's `node.id`. */
  readonly name: string;
  readonly nodeId: string;
  readonly overlayId: number;
  /** `ip:port` of the controller and the SPIFFE id that it must show. */
  readonly control: { readonly address: string; readonly identity: string };
  readonly tls: TlsFiles;
  readonly adminSocket: string;
  /** Path of endpoint.wasm or gateway.wasm. */
  readonly code: string;
  /** Addresses to listen on for the tunnel, without port. */
  readonly listen: readonly string[];
  readonly maxHeapBytes: number;
  /** The Envoy has settings for stream resets; one that hasn't refuses a bootstrap with them. */
  readonly resetLimits: boolean;
  /** Nodes share this machine's loopback: apps name their destination by the PROXY protocol, nothing is redirected. */
  readonly flat: boolean;
}

export interface EndpointSettings extends NodeSettings {
  /** All of the overlay's: with any of them a path may begin or end, as policy has it. */
  readonly gateways: readonly GatewayRef[];
}

export interface GatewaySettings extends NodeSettings {
  /** The overlay's other gateways. */
  readonly neighbours: readonly GatewayRef[];
  /** Who may open a tunnel: SPIFFE trust domains. */
  readonly trustDomains: readonly string[];
  /** Some path reaches this gateway from another gateway. */
  readonly followsGateway: boolean;
}

export function endpointBootstrap(settings: EndpointSettings): JsonObject {
  const clusters = [
    ...settings.gateways.map((gateway) => gatewayCluster(gateway, settings)),
    originalDstCluster("direct", {
      upstream_bind_config: ownSockets(sourceOf(settings)),
      upstream_connection_options: KEEPALIVE,
    }),
    originalDstCluster("app", { upstream_connection_options: KEEPALIVE }),
    denyCluster(),
    controlCluster(settings),
  ];
  const gateways = settings.gateways.map(({ identity }) => ({ exact: identity }));
  const verify = wasmFilter("http", "verify", settings.code, pluginConfig("verify", settings));
  return bootstrap(settings, clusters, true, [
    outboundListener(settings),
    tunnelListener(settings, gateways, [verify, hopState([]), router()], [connectRoute("app", { connect_config: {} })]),
  ]);
}

export function gatewayBootstrap(settings: GatewaySettings): JsonObject {
  const clusters = [
    ...settings.neighbours.map((gateway) => gatewayCluster(gateway, settings)),
    originalDstCluster("endpoint", {
      typed_extension_protocol_options: http2Upstream(),
      transport_socket: mutualTls("Upstream", settings.tls, domains(settings.trustDomains)),
    }),
    controlCluster(settings),
  ];
  const gate = wasmFilter("http", "gate", settings.code, pluginConfig("gate", settings));
  const expectedSan = { from: "sallyport_identity", to: "envoy.network.upstream_subject_alt_names" };
  return bootstrap(settings, clusters, settings.followsGateway, [
    tunnelListener(
      settings,
      domains(settings.trustDomains),
      [gate, hopState([expectedSan]), router()],
      [...settings.neighbours.map(gatewayRoute), connectRoute("endpoint", {})],
    ),
  ]);
}

/** Name of the cluster that leads to a gateway; the filters build it from the node id in the image. */
export function gatewayClusterName(nodeId: string): string {
  return `gateway-${nodeId}`;
}

function bootstrap(
  settings: NodeSettings,
  clusters: readonly Json[],
  sharedTunnels: boolean,
  listeners: readonly Json[],
): JsonObject {
  return {
    node: { id: settings.name, cluster: "sallyport" },
    admin: { address: { pipe: { path: settings.adminSocket, mode: 0o600 } } },
    static_resources: { listeners, clusters },
    layered_runtime: { layers: [{ name: "sallyport", static_layer: runtime(sharedTunnels) }] },
    overload_manager: overloadManager(settings.maxHeapBytes),
  };
}

/**
 * Envoy closes a connection whose streams are often reset early. Where peers are gateways, whose connections carry many
 * endpoints' flows, one endpoint could so close everybody's: there the limit is lifted. The first gateway of a path
 * keeps it, and what it closes is the connection of the endpoint that resets.
 */
function runtime(sharedTunnels: boolean): JsonObject {
  return sharedTunnels ? { "overload.premature_reset_total_stream_count": 4_000_000_000 } : {};
}

function overloadManager(maxHeapBytes: number): JsonObject {
  const heap = "envoy.resource_monitors.fixed_heap";
  const at = (value: number): JsonObject => ({ name: heap, threshold: { value } });
  return {
    refresh_interval: "0.25s",
    resource_monitors: [
      extension(heap, "extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig", {
        max_heap_size_bytes: maxHeapBytes,
      }),
      extension(
        "envoy.resource_monitors.global_downstream_max_connections",
        "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        { max_active_downstream_connections: 100_000 },
      ),
    ],
    actions: [
      { name: "envoy.overload_actions.shrink_heap", triggers: [at(0.9)] },
      { name: "envoy.overload_actions.stop_accepting_requests", triggers: [at(0.95)] },
      { name: "envoy.overload_actions.stop_accepting_connections", triggers: [at(0.98)] },
    ],
  };
}

/** Where the app's redirected connections arrive: stamped and tunnelled, or sent on directly if no member is meant. */
function outboundListener(settings: EndpointSettings): JsonObject {
  const stamp = wasmFilter("network", "stamp", settings.code, pluginConfig("stamp", settings));
  const state = filterState("network", [
    { from: "sallyport_cluster", to: "envoy.tcp_proxy.cluster" },
    { from: "sallyport_direct", to: "envoy.tcp_proxy.disable_tunneling" },
  ]);
  const proxy = extension("envoy.filters.network.tcp_proxy", "extensions.filters.network.tcp_proxy.v3.TcpProxy", {
    stat_prefix: "outbound",
    cluster: "deny",
    idle_timeout: "0s",
    // A replica may have died a moment ago; a refusal is tried twice for that.
    max_connect_attempts: 2,
    tunneling_config: {
      hostname: "%DOWNSTREAM_LOCAL_ADDRESS%",
      headers_to_add: [{ header: { key: "sallyport-stamp", value: "%FILTER_STATE(wasm.sallyport_stamp:PLAIN)%" } }],
    },
  });
  return {
    name: "outbound",
    ...listenOn(settings.flat ? settings.listen : ["0.0.0.0", "::"], OUTBOUND_PORT),
    per_connection_buffer_limit_bytes: BUFFER_LIMIT,
    socket_options: [SO_KEEPALIVE],
    listener_filters: [destinationFilter(settings.flat)],
    filter_chains: [{ filters: [stamp, state, proxy] }],
  };
}

/** Where the app wanted to go: kept by the redirect, or said by the app where there is none. */
function destinationFilter(flat: boolean): JsonObject {
  const name = flat ? "proxy_protocol" : "original_dst";
  const type = flat ? "proxy_protocol.v3.ProxyProtocol" : "original_dst.v3.OriginalDst";
  return extension(`envoy.filters.listener.${name}`, `extensions.filters.listener.${type}`);
}

/** On a shared loopback a node's connections must come from its own address, by which peers know it. */
function sourceOf({ flat, listen }: NodeSettings): string | undefined {
  return flat ? listen[0] : undefined;
}

/** :15042, mutual TLS, CONNECT only. Peers are checked by Envoy before any code of ours runs. */
function tunnelListener(
  settings: NodeSettings,
  peers: readonly SanMatch[],
  filters: readonly Json[],
  routes: readonly Json[],
): JsonObject {
  const manager = extension(
    "envoy.filters.network.http_connection_manager",
    "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    {
      stat_prefix: "tunnel",
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
      http2_protocol_options: http2Downstream(settings.resetLimits),
      upgrade_configs: [{ upgrade_type: "CONNECT" }],
      route_config: { name: "tunnel", virtual_hosts: [{ name: "tunnel", domains: ["*"], routes }] },
      http_filters: filters,
    },
  );
  return {
    name: "tunnel",
    ...listenOn(settings.listen, TUNNEL_PORT),
    per_connection_buffer_limit_bytes: BUFFER_LIMIT,
    // Tunnel connections are few and long-lived: spread them exactly over the workers.
    connection_balance_config: { exact_balance: {} },
    filter_chains: [{ filters: [manager], transport_socket: mutualTls("Downstream", settings.tls, peers) }],
  };
}

function connectRoute(cluster: string, upgrade: JsonObject, match: JsonObject = {}): JsonObject {
  const upgrades =
    Object.keys(upgrade).length > 0 ? { upgrade_configs: [{ upgrade_type: "CONNECT", ...upgrade }] } : {};
  return { match: { connect_matcher: {}, ...match }, route: { cluster, timeout: "0s", ...upgrades } };
}

/** Chosen by filter state that only our filter sets, never by a header that a peer could send. */
function gatewayRoute(gateway: GatewayRef): JsonObject {
  const name = gatewayClusterName(gateway.nodeId);
  return connectRoute(name, {}, { filter_state: [{ key: "wasm.sallyport_cluster", string_match: { exact: name } }] });
}

function hopState(more: readonly { readonly from: string; readonly to: string }[]): JsonObject {
  return filterState("http", [{ from: "sallyport_hop", to: ORIGINAL_DST_ADDRESS }, ...more]);
}

function router(): JsonObject {
  return extension("envoy.filters.http.router", "extensions.filters.http.router.v3.Router", {
    suppress_envoy_headers: true,
  });
}

function gatewayCluster(gateway: GatewayRef, settings: NodeSettings): JsonObject {
  return {
    name: gatewayClusterName(gateway.nodeId),
    type: "STATIC",
    ...clusterDefaults(),
    upstream_bind_config: ownSockets(sourceOf(settings)),
    typed_extension_protocol_options: http2Upstream(),
    transport_socket: mutualTls("Upstream", settings.tls, [{ exact: gateway.identity }]),
    load_assignment: loadAssignment(gatewayClusterName(gateway.nodeId), gateway.addresses),
    health_checks: [
      {
        timeout: "1s",
        interval: "1s",
        no_traffic_interval: "1s",
        unhealthy_interval: "0.25s",
        unhealthy_threshold: 1,
        healthy_threshold: 1,
        tcp_health_check: {},
      },
    ],
    // With no healthy replica left, none is tried at random: the flow fails at once.
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
  };
}

function originalDstCluster(name: string, more: JsonObject): JsonObject {
  return { name, type: "ORIGINAL_DST", lb_policy: "CLUSTER_PROVIDED", ...clusterDefaults(), ...more };
}

/** Where a flow ends that no filter sent anywhere. */
function denyCluster(): JsonObject {
  return { name: "deny", type: "STATIC", ...clusterDefaults(), load_assignment: { cluster_name: "deny" } };
}

function controlCluster(settings: NodeSettings): JsonObject {
  return {
    name: "control",
    type: "STATIC",
    ...clusterDefaults(),
    upstream_bind_config: ownSockets(sourceOf(settings)),
    typed_extension_protocol_options: http2Upstream(),
    transport_socket: mutualTls("Upstream", settings.tls, [{ exact: settings.control.identity }]),
    load_assignment: loadAssignment("control", [settings.control.address]),
  };
}

function clusterDefaults(): JsonObject {
  return {
    connect_timeout: "1s",
    per_connection_buffer_limit_bytes: BUFFER_LIMIT,
    circuit_breakers: noCircuitBreakers(),
  };
}

function loadAssignment(cluster: string, addresses: readonly string[]): JsonObject {
  return {
    cluster_name: cluster,
    endpoints: [{ lb_endpoints: addresses.map((address) => ({ endpoint: { address: socketAddress(address) } })) }],
  };
}

function listenOn(hosts: readonly string[], port: number): JsonObject {
  const [first = "0.0.0.0", ...others] = hosts;
  const at = (host: string): JsonObject => ({ socket_address: { address: host, port_value: port } });
  if (others.length === 0) return { address: at(first) };
  return { address: at(first), additional_addresses: others.map((host) => ({ address: at(host) })) };
}

function domains(trustDomains: readonly string[]): SanMatch[] {
  return trustDomains.map((domain) => ({ prefix: `spiffe://${domain}/` }));
}

function pluginConfig(role: string, settings: NodeSettings): string {
  return `role=${role}\noverlay=${settings.overlayId}\nnode=${settings.nodeId}\ncontrol=control`;
}
