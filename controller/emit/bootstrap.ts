/** Static bootstraps of the standalone controller's Envoys. They change with the topology, never with a policy. */
import type { Caller, Control, GatewayRef } from "./clusters.ts";
import { endpointParts } from "./endpoint.ts";
import { type Json, type JsonObject, type TlsSecrets, wasmFilter } from "./envoy.ts";
import { gatewayClusters, gatewayParts, gatewayRoutes, TUNNEL } from "./gateway.ts";
import { overloadManager } from "./overload.ts";
import { runtimeValues } from "./runtime.ts";
import { staticRouting } from "./tunnel.ts";

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
  const { neighbours } = settings;
  const { tunnel, clusters } = gatewayParts({
    ...caller(settings),
    listen: settings.listen,
    trustDomains: settings.trustDomains,
    control: settings.control,
    code: settings.code,
    configuration: pluginConfig("gate", settings),
    resetLimits: settings.resetLimits,
    routing: staticRouting(TUNNEL, gatewayRoutes(neighbours)),
  });
  const all = [...gatewayClusters(neighbours, caller(settings)), ...clusters];
  return bootstrap(settings, all, settings.followsGateway, [tunnel]);
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
    layered_runtime: { layers: [{ name: "sallyport", static_layer: runtimeValues(sharedTunnels) }] },
    overload_manager: overloadManager(settings.maxHeapBytes),
  };
}

/** On a shared loopback a node's connections must come from its own address, by which peers know it. */
function caller({ tls, flat, listen }: NodeSettings): Caller {
  return { tls, source: flat ? listen[0] : undefined };
}

function pluginConfig(role: string, settings: NodeSettings): string {
  return `role=${role}\noverlay=${settings.overlayId}\nnode=${settings.nodeId}\ncontrol=control`;
}
