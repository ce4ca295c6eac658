/** Bootstraps for comparison, made from ours: the same Envoys without our filters, or with native RBAC in their place. */
import { extension, type Json, type JsonObject, typed, wasmFilter } from "../../controller/emit/envoy.ts";
import { TUNNEL_PORT } from "../../controller/model/ports.ts";

/**
 * Takes out our filters and what only serves them, and fixes the routes: an app's connection always goes to the
 * gateway, a CONNECT always to the address in its authority. Everything else stays: TLS, HTTP/2, buffers, limits.
 */
export function withoutFilters(bootstrap: JsonObject): JsonObject {
  const gateway = clustersOf(bootstrap).find(({ name }) => String(name).startsWith("gateway-"))?.name;
  return rewritten(bootstrap, (object) => {
    if (isOurs(object)) return undefined;
    if (object.name === "envoy.filters.network.tcp_proxy" && gateway !== undefined) return fixedProxy(object, gateway);
    if (object.name === "endpoint")
      return { ...object, original_dst_lb_config: { ...BY_AUTHORITY, upstream_port_override: TUNNEL_PORT } };
    if (object.name === "app") return { ...object, original_dst_lb_config: BY_AUTHORITY };
    return object;
  }) as JsonObject;
}

/** Puts HTTP filters in front of the router. */
export function withHttpFilters(bootstrap: JsonObject, filters: readonly JsonObject[]): JsonObject {
  return rewritten(bootstrap, (object) => {
    if (!Array.isArray(object.http_filters)) return object;
    return { ...object, http_filters: [...filters, ...object.http_filters] };
  }) as JsonObject;
}

/** Puts the same Wasm code where our filters were: in front of the client's proxy, of the gateway's and the server's router. */
export function withWasm(bootstrap: JsonObject, code: string): JsonObject {
  const network = wasmFilter("network", "noop", code, "noop");
  const captured = rewritten(bootstrap, (object) => {
    return object.name === "outbound" ? withNetworkFilter(object, network) : object;
  }) as JsonObject;
  return withHttpFilters(captured, [wasmFilter("http", "noop", code, "noop")]);
}

function withNetworkFilter(listener: JsonObject, filter: JsonObject): JsonObject {
  return rewritten(listener, (object) => {
    return Array.isArray(object.filters) ? { ...object, filters: [filter, ...object.filters] } : object;
  }) as JsonObject;
}

/**
 * The client's half of a plain pair: `tcp_proxy` with a TLS connection of its own for every flow, as sidecars of a mesh
 * make them. The server's half ends the TLS and dials the app.
 */
export function pairClient(bootstrap: JsonObject, server: string, identity: string): JsonObject {
  const gateway = clustersOf(bootstrap).find(({ name }) => String(name).startsWith("gateway-")) as JsonObject;
  const { typed_extension_protocol_options: _, health_checks: __, ...plain } = gateway;
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: socket(server, TUNNEL_PORT) } }] }];
  const cluster = { ...plain, name: "server", load_assignment: { cluster_name: "server", endpoints } };
  return withResources(
    bootstrap,
    [listenerOf(withTcpProxy(bootstrap, "outbound", "server"), "outbound")],
    [expecting(cluster, identity)],
  );
}

export function pairServer(bootstrap: JsonObject, app: string, port: number, peer: string): JsonObject {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: socket(app, port) } }] }];
  const cluster = {
    name: "app",
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: { cluster_name: "app", endpoints },
  };
  const listener = expecting(listenerOf(withTcpProxy(bootstrap, "tunnel", "app"), "tunnel"), peer);
  return withResources(bootstrap, [listener], [cluster]);
}

const BY_AUTHORITY: JsonObject = { use_http_header: true, http_header_name: ":authority" };

function isOurs({ name }: JsonObject): boolean {
  return (
    typeof name === "string" && (name.startsWith("sallyport.") || name.endsWith(".set_filter_state") || name === "deny")
  );
}

function fixedProxy(filter: JsonObject, cluster: Json): JsonObject {
  const { tunneling_config, ...config } = filter.typed_config as JsonObject;
  const { headers_to_add: _, ...tunnel } = tunneling_config as JsonObject;
  return { ...filter, typed_config: { ...config, cluster, tunneling_config: tunnel } };
}

/** The listener's chain becomes a single plain `tcp_proxy`. */
function withTcpProxy(bootstrap: JsonObject, listener: string, cluster: string): JsonObject {
  const proxy = extension("envoy.filters.network.tcp_proxy", "extensions.filters.network.tcp_proxy.v3.TcpProxy", {
    stat_prefix: listener,
    cluster,
    idle_timeout: "0s",
  });
  return rewritten(bootstrap, (object) =>
    Array.isArray(object.filters) ? { ...object, filters: [proxy] } : object,
  ) as JsonObject;
}

/** Expects this SPIFFE id at the other end, and no HTTP/2. */
function expecting(resource: JsonObject, identity: string): JsonObject {
  return rewritten(resource, (object) => {
    const { alpn_protocols: _, ...rest } = object;
    if (rest.match_typed_subject_alt_names === undefined) return rest;
    return { ...rest, match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: identity } }] };
  }) as JsonObject;
}

function withResources(
  bootstrap: JsonObject,
  listeners: readonly JsonObject[],
  clusters: readonly JsonObject[],
): JsonObject {
  return { ...bootstrap, static_resources: { listeners, clusters } };
}

function clustersOf(bootstrap: JsonObject): readonly JsonObject[] {
  return (bootstrap.static_resources as JsonObject).clusters as readonly JsonObject[];
}

function listenerOf(bootstrap: JsonObject, name: string): JsonObject {
  const listeners = (bootstrap.static_resources as JsonObject).listeners as readonly JsonObject[];
  return listeners.find((listener) => listener.name === name) as JsonObject;
}

function socket(address: string, port: number): JsonObject {
  return { socket_address: { address, port_value: port } };
}

export function rbacFilter(name: string, policies: JsonObject): JsonObject {
  return {
    name,
    typed_config: typed("extensions.filters.http.rbac.v3.RBAC", {
      rules: { action: "ALLOW", policies },
      rules_stat_prefix: `${name}.`,
    }),
  };
}

/** Every object anew, from the inside out; those for which `visit` answers undefined are left out. */
function rewritten(value: Json, visit: (object: JsonObject) => Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.flatMap((item) => rewritten(item, visit) ?? []);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value as JsonObject).map(([key, inner]) => [key, rewritten(inner, visit)] as const);
  return visit(Object.fromEntries(entries.filter(([, inner]) => inner !== undefined)) as JsonObject);
}
