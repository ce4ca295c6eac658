/** Static bootstraps of stand-alone Envoys. They change with the topology, never with a policy. */

import {
  type Caller,
  type Control,
  connectRoute,
  controlCluster,
  type GatewayRef,
  gatewayCluster,
  gatewayClusterName,
  hopState,
  originalDstCluster,
  router,
} from "./clusters.ts";
import { endpointParts } from "./endpoint.ts";
import {
  extension,
  http2Upstream,
  type Json,
  type JsonObject,
  mutualTls,
  type SanMatch,
  type TlsSecrets,
  wasmFilter,
} from "./envoy.ts";
import { tunnelListener } from "./tunnel.ts";

/** What both kinds of node have in common. */
export interface NodeSettings {
  /** Unique on the machine; also Envoy's `node.id`. */
  readonly name: string;
  readonly nodeId: string;
  readonly overlayId: number;
  readonly control: Control;
  readonly tls: TlsSecrets;
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
  const { flat, listen } = settings;
  const { outbound, tunnel, clusters } = endpointParts({
    ...caller(settings),
    prefix: "",
    gateways: settings.gateways,
    control: settings.control,
    listen: { outbound: flat ? listen : ["0.0.0.0", "::"], tunnel: listen },
    destination: flat ? "proxy_protocol" : "original_dst",
    stamp: wasmFilter("network", "stamp", settings.code, pluginConfig("stamp", settings)),
    verify: wasmFilter("http", "verify", settings.code, pluginConfig("verify", settings)),
    resetLimits: settings.resetLimits,
  });
  return bootstrap(settings, clusters, true, [outbound, tunnel]);
}

export function gatewayBootstrap(settings: GatewaySettings): JsonObject {
  const { neighbours, tls } = settings;
  const peers = domains(settings.trustDomains);
  const clusters = [
    ...neighbours.map((gateway) => gatewayCluster(gateway, caller(settings))),
    originalDstCluster("endpoint", {
      typed_extension_protocol_options: http2Upstream(),
      transport_socket: mutualTls("Upstream", tls, peers),
    }),
    controlCluster("control", settings.control, caller(settings)),
  ];
  const gate = wasmFilter("http", "gate", settings.code, pluginConfig("gate", settings));
  const expectedSan = { from: "sallyport_identity", to: "envoy.network.upstream_subject_alt_names" };
  const tunnel = tunnelListener({
    name: "tunnel",
    listen: settings.listen,
    tls,
    peers,
    filters: [gate, hopState([expectedSan]), router()],
    routes: [...neighbours.map(gatewayRoute), connectRoute("endpoint", {})],
    resetLimits: settings.resetLimits,
  });
  return bootstrap(settings, clusters, settings.followsGateway, [tunnel]);
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

/** On a shared loopback a node's connections must come from its own address, by which peers know it. */
function caller({ tls, flat, listen }: NodeSettings): Caller {
  return { tls, source: flat ? listen[0] : undefined };
}

/** Chosen by filter state that only our filter sets, never by a header that a peer could send. */
function gatewayRoute(gateway: GatewayRef): JsonObject {
  const name = gatewayClusterName(gateway.nodeId);
  return connectRoute(name, {}, { filter_state: [{ key: "wasm.sallyport_cluster", string_match: { exact: name } }] });
}

function domains(trustDomains: readonly string[]): SanMatch[] {
  return trustDomains.map((domain) => ({ prefix: `spiffe://${domain}/` }));
}

function pluginConfig(role: string, settings: NodeSettings): string {
  return `role=${role}\noverlay=${settings.overlayId}\nnode=${settings.nodeId}\ncontrol=control`;
}
