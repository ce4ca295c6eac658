/** Where a node's Envoy connects to; the same in a bootstrap and in a sidecar. */

import type { CompiledGateway } from "../compile/compiled.ts";
import { hexId } from "../model/hex.ts";
import { TUNNEL_PORT } from "../model/ports.ts";
import {
  BUFFER_LIMIT,
  extension,
  filterState,
  http2Upstream,
  type Json,
  type JsonObject,
  mutualTls,
  noCircuitBreakers,
  ownSockets,
  socketAddress,
  type TlsSecrets,
} from "./envoy.ts";
import { GATEWAY_KEEPALIVE, replicaChecks } from "./replica-checks.ts";

/** Flows have no idle limit, so the kernel must find out that the other end has gone. Seconds. */
const KEEPALIVE: JsonObject = { tcp_keepalive: { keepalive_time: 60, keepalive_interval: 10, keepalive_probes: 6 } };
const ORIGINAL_DST_ADDRESS = "envoy.network.transport_socket.original_dst_address";

/** The cluster that leads to what is no member; `stamp` names it. */
export const DIRECT_CLUSTER = "sallyport-direct";

/** A gateway group as its neighbours see it. */
export interface GatewayRef {
  /** 16 hex digits. */
  readonly nodeId: string;
  /** `ip:port` of every replica, or one `name:port` behind which DNS has them all. */
  readonly addresses: readonly string[];
  readonly named: boolean;
  readonly identity: string;
}

/**
 * By name: a configuration must not depend on the places that paths give to gateways, or their edits would restart nodes.
 */
export function gatewayRefs(gateways: readonly CompiledGateway[]): GatewayRef[] {
  const byName = [...gateways].sort((a, b) => (a.gateway.name < b.gateway.name ? -1 : 1));
  return byName.map(({ id, gateway: { addresses, service, identity } }) => ({
    nodeId: hexId(id),
    addresses: service === undefined ? addresses : [`${service.name}.${service.namespace}.svc:${TUNNEL_PORT}`],
    named: service !== undefined,
    identity,
  }));
}

/** What a node shows its peers. */
export interface Caller {
  readonly tls: TlsSecrets;
  /** Its connections come from this address; undefined: from whichever the kernel takes. */
  readonly source: string | undefined;
}

/** The controller as nodes reach it. */
export interface Control {
  /** `ip:port` or `name:port`. */
  readonly address: string;
  /** SPIFFE id. */
  readonly identity: string;
  /** The address has a name that DNS knows. */
  readonly named?: boolean;
}

/** Name of the cluster that leads to a gateway; the filters build it from the node id in the image. */
export function gatewayClusterName(nodeId: string): string {
  return `gateway-${nodeId}`;
}

export function gatewayCluster(gateway: GatewayRef, { tls, source }: Caller): JsonObject {
  return {
    name: gatewayClusterName(gateway.nodeId),
    ...(gateway.named ? BY_NAME : { type: "STATIC" }),
    ...clusterDefaults(),
    upstream_bind_config: ownSockets(source),
    typed_extension_protocol_options: http2Upstream(GATEWAY_KEEPALIVE),
    transport_socket: mutualTls("Upstream", tls, [{ exact: gateway.identity }]),
    load_assignment: loadAssignment(gatewayClusterName(gateway.nodeId), gateway.addresses),
    ...replicaChecks(),
  };
}

/** To wherever an app wanted to go. */
export function directCluster(source: string | undefined): JsonObject {
  return originalDstCluster(DIRECT_CLUSTER, {
    upstream_bind_config: ownSockets(source),
    upstream_connection_options: KEEPALIVE,
  });
}

/** To the app behind this proxy; a mesh knows by the address of `bind` that a connection came out of the tunnel. */
export function appCluster(name: string, bind?: string): JsonObject {
  const from = bind === undefined ? {} : { upstream_bind_config: { source_address: { address: bind, port_value: 0 } } };
  return originalDstCluster(name, { ...from, upstream_connection_options: KEEPALIVE });
}

export function originalDstCluster(name: string, more: JsonObject): JsonObject {
  return { name, type: "ORIGINAL_DST", lb_policy: "CLUSTER_PROVIDED", ...clusterDefaults(), ...more };
}

/** Where a flow ends that no filter sent anywhere. */
export function denyCluster(name: string): JsonObject {
  return { name, type: "STATIC", ...clusterDefaults(), load_assignment: { cluster_name: name } };
}

export function controlCluster(name: string, control: Control, { tls, source }: Caller): JsonObject {
  return {
    name,
    ...(control.named ? BY_NAME : { type: "STATIC" }),
    ...clusterDefaults(),
    upstream_bind_config: ownSockets(source),
    typed_extension_protocol_options: http2Upstream(),
    transport_socket: mutualTls("Upstream", tls, [{ exact: control.identity }]),
    load_assignment: loadAssignment(name, [control.address]),
  };
}

/**
 * Every address of the name is a host. It is asked for again so often because a replica that is gone is found out by
 * other means, and sooner; a new one waits for it. A name that can't be resolved is asked for again soon: without it a
 * new sidecar lets nothing pass.
 */
const BY_NAME: JsonObject = {
  cluster_type: extension("envoy.clusters.dns", "extensions.clusters.dns.v3.DnsCluster", {
    dns_lookup_family: "V4_PREFERRED",
    dns_refresh_rate: "30s",
    // Sidecars that started together don't ask together for ever.
    dns_jitter: "5s",
    dns_failure_refresh_rate: { base_interval: "0.5s", max_interval: "5s" },
  }),
};

/** Filter state of ours that steers an ORIGINAL_DST cluster, and more. */
export function hopState(more: readonly { readonly from: string; readonly to: string }[]): JsonObject {
  return filterState("http", [{ from: "sallyport_hop", to: ORIGINAL_DST_ADDRESS }, ...more]);
}

export function router(): JsonObject {
  return extension("envoy.filters.http.router", "extensions.filters.http.router.v3.Router", {
    suppress_envoy_headers: true,
  });
}

/** A route for CONNECT; `upgrade` says what becomes of it: nothing goes on to the next proxy. */
export function connectRoute(cluster: string, upgrade: JsonObject, match: JsonObject = {}): JsonObject {
  const upgrades =
    Object.keys(upgrade).length > 0 ? { upgrade_configs: [{ upgrade_type: "CONNECT", ...upgrade }] } : {};
  return { match: { connect_matcher: {}, ...match }, route: { cluster, timeout: "0s", ...upgrades } };
}

function clusterDefaults(): JsonObject {
  return {
    connect_timeout: "1s",
    per_connection_buffer_limit_bytes: BUFFER_LIMIT,
    circuit_breakers: noCircuitBreakers(),
  };
}

function loadAssignment(cluster: string, addresses: readonly string[]): Json {
  return {
    cluster_name: cluster,
    endpoints: [{ lb_endpoints: addresses.map((address) => ({ endpoint: { address: socketAddress(address) } })) }],
  };
}
