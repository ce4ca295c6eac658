/** What an endpoint's Envoy consists of, whether it stands alone or is a mesh's sidecar. */
import { OUTBOUND_PORT } from "../model/ports.ts";
import {
  appCluster,
  type Caller,
  type Control,
  connectRoute,
  controlCluster,
  denyCluster,
  directCluster,
  type GatewayRef,
  gatewayCluster,
  hopState,
  router,
} from "./clusters.ts";
import { BUFFER_LIMIT, extension, filterState, type Json, type JsonObject, listenOn } from "./envoy.ts";
import { staticRouting, tunnelListener } from "./tunnel.ts";

const SO_KEEPALIVE: JsonObject = {
  description: "SO_KEEPALIVE",
  level: 1,
  name: 9,
  int_value: 1,
  state: "STATE_PREBIND",
};

export interface Endpoint extends Caller {
  /** In front of names that only this configuration knows, so that they are nobody else's. */
  readonly prefix: string;
  /** All of the overlay's: with any of them a path may begin or end, as policy has it. */
  readonly gateways: readonly GatewayRef[];
  readonly control: Control;
  readonly listen: {
    /** Addresses without port. */
    readonly outbound: readonly string[];
    readonly tunnel: readonly string[];
  };
  /** How the outbound listener learns where an app wanted to go: a listener filter. */
  readonly destination: "original_dst" | "proxy_protocol";
  /** Our filters: network and HTTP. */
  readonly stamp: Json;
  readonly verify: Json;
  /** Address that the app is dialled from. */
  readonly appSource?: string;
  readonly resetLimits: boolean;
}

export interface EndpointParts {
  readonly outbound: JsonObject;
  readonly tunnel: JsonObject;
  readonly clusters: readonly JsonObject[];
}

export function endpointParts(endpoint: Endpoint): EndpointParts {
  const { prefix, gateways } = endpoint;
  const app = `${prefix}app`;
  return {
    outbound: outboundListener(endpoint),
    tunnel: tunnelListener({
      name: `${prefix}tunnel`,
      listen: endpoint.listen.tunnel,
      tls: endpoint.tls,
      peers: gateways.map(({ identity }) => ({ exact: identity })),
      filters: [endpoint.verify, hopState([]), router()],
      routing: staticRouting(`${prefix}tunnel`, [connectRoute(app, { connect_config: {} })]),
      resetLimits: endpoint.resetLimits,
    }),
    clusters: [
      ...gateways.map((gateway) => gatewayCluster(gateway, endpoint)),
      directCluster(endpoint.source),
      appCluster(app, endpoint.appSource),
      denyCluster(`${prefix}deny`),
      controlCluster(`${prefix}control`, endpoint.control, endpoint),
    ],
  };
}

/** Where the app's redirected connections arrive: stamped and tunnelled, or sent on directly if no member is meant. */
function outboundListener({ prefix, listen, stamp, destination }: Endpoint): JsonObject {
  const state = filterState("network", [
    { from: "sallyport_cluster", to: "envoy.tcp_proxy.cluster" },
    { from: "sallyport_direct", to: "envoy.tcp_proxy.disable_tunneling" },
  ]);
  const proxy = extension("envoy.filters.network.tcp_proxy", "extensions.filters.network.tcp_proxy.v3.TcpProxy", {
    stat_prefix: `${prefix}outbound`,
    cluster: `${prefix}deny`,
    idle_timeout: "0s",
    // A replica may have died a moment ago; a refusal is tried again for that.
    max_connect_attempts: 3,
    tunneling_config: {
      hostname: "%DOWNSTREAM_LOCAL_ADDRESS%",
      headers_to_add: [{ header: { key: "sallyport-stamp", value: "%FILTER_STATE(wasm.sallyport_stamp:PLAIN)%" } }],
    },
  });
  const type = destination === "proxy_protocol" ? "proxy_protocol.v3.ProxyProtocol" : "original_dst.v3.OriginalDst";
  return {
    name: `${prefix}outbound`,
    ...listenOn(listen.outbound, OUTBOUND_PORT),
    per_connection_buffer_limit_bytes: BUFFER_LIMIT,
    socket_options: [SO_KEEPALIVE],
    listener_filters: [extension(`envoy.filters.listener.${destination}`, `extensions.filters.listener.${type}`)],
    filter_chains: [{ filters: [stamp, state, proxy] }],
  };
}
