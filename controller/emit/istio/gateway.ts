/**
 * What the pods of a gateway's Service run with: Envoy's bootstrap, and beside it, in files that Envoy watches, what may
 * change while they run. It is the same for all replicas and holds no secret.
 */
import type { CompiledGateway, CompiledPolicy } from "../../compile/compiled.ts";
import { hexId } from "../../model/hex.ts";
import type { GatewayService } from "../../model/resources.ts";
import { type Caller, gatewayRefs } from "../clusters.ts";
import { fileSecrets, type JsonObject, typed } from "../envoy.ts";
import { gatewayClusters, gatewayParts, gatewayRoutes, TUNNEL, trustDomainsOf } from "../gateway.ts";
import { overloadManager } from "../overload.ts";
import { runtimeValues } from "../runtime.ts";
import { certificateSecret, rootSecret, type SecretFiles } from "../sds.ts";
import { routeConfig } from "../tunnel.ts";
import { controlAddress, controlIdentity, type Mesh } from "./mesh.ts";
import { metadata } from "./namespace.ts";

/** Of a ConfigMap's name; the gateway's follows. */
export const GATEWAY_PREFIX = "sallyport-gateway-";
/** Where a pod has the ConfigMap. */
const FOLDER = "/etc/sallyport";
/** Where istio-agent keeps the pod's certificate: `OUTPUT_CERTS`, with its names of files. */
const CERTIFICATES = "/var/run/sallyport/certs";
const ADMIN_SOCKET = "/var/run/sallyport/admin/envoy/admin.sock";
const CODE = "/usr/share/sallyport/gateway.wasm";
/** Envoy's part of what a SaP's container may use. */
const MAX_HEAP_BYTES = 512 * 1024 * 1024;

const SECRETS: SecretFiles = {
  certificate: `${CERTIFICATES}/cert-chain.pem`,
  key: `${CERTIFICATES}/key.pem`,
  root: `${CERTIFICATES}/root-cert.pem`,
  watched: CERTIFICATES,
};
const CALLER: Caller = {
  tls: fileSecrets(`${FOLDER}/sds-certificate.json`, `${FOLDER}/sds-roots.json`),
  source: undefined,
};

/** Empty for a gateway whose replicas have addresses: they are no pods of ours. */
export function gatewayResources(policy: CompiledPolicy, group: CompiledGateway, mesh: Mesh): JsonObject[] {
  const { name, service } = group.gateway;
  if (service === undefined) return [];
  const files: Readonly<Record<string, object>> = {
    "bootstrap.json": bootstrap(policy, group, service, mesh),
    ...followed(policy, group),
    "sds-certificate.json": certificateSecret(SECRETS),
    "sds-roots.json": rootSecret(SECRETS),
  };
  const data = Object.entries(files).map(([file, content]) => [file, `${JSON.stringify(content, null, 2)}\n`]);
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata(`${GATEWAY_PREFIX}${name}`, service.namespace, policy.overlay.name),
      data: Object.fromEntries(data),
    },
  ];
}

/** Read once, when Envoy starts. */
function bootstrap(policy: CompiledPolicy, group: CompiledGateway, service: GatewayService, mesh: Mesh): JsonObject {
  const { overlay, endpoints } = policy;
  const identities = endpoints.map(({ endpoint }) => endpoint.identity);
  const { tunnel, clusters } = gatewayParts({
    ...CALLER,
    listen: families(overlay.cidr),
    trustDomains: trustDomainsOf([`spiffe://${mesh.trustDomain}/`, ...gatewayIdentities(policy), ...identities]),
    control: { address: controlAddress(mesh), identity: controlIdentity(mesh), named: true },
    code: CODE,
    configuration: `role=gate\noverlay=${overlay.id}\nnode=${hexId(group.id)}\ncontrol=control`,
    resetLimits: true,
    routing: { rds: { route_config_name: TUNNEL, config_source: followedFile("routes.json") } },
  });
  return {
    node: { id: `${service.namespace}/${group.gateway.name}`, cluster: "sallyport" },
    admin: { address: { pipe: { path: ADMIN_SOCKET, mode: 0o600 } } },
    dynamic_resources: { cds_config: followedFile("clusters.json") },
    // What drains is told by its direction.
    static_resources: { listeners: [{ ...tunnel, traffic_direction: "INBOUND" }], clusters },
    layered_runtime: {
      layers: [{ name: "sallyport", rtds_layer: { name: "sallyport", rtds_config: followedFile("runtime.json") } }],
    },
    overload_manager: overloadManager(MAX_HEAP_BYTES),
  };
}

/** Other gateways come and go while a SaP runs: what leads to them is in files of their own. */
function followed(policy: CompiledPolicy, group: CompiledGateway): Readonly<Record<string, object>> {
  const neighbours = gatewayRefs(policy.gateways.filter((other) => other !== group));
  const clusters = gatewayClusters(neighbours, CALLER);
  const routes = routeConfig(TUNNEL, gatewayRoutes(neighbours));
  // Which paths there are is for policy to say, so any other gateway may be the one before.
  const layer = runtimeValues(neighbours.length > 0);
  return {
    "clusters.json": resources(clusters.map((cluster) => typed("config.cluster.v3.Cluster", cluster))),
    "routes.json": resources([typed("config.route.v3.RouteConfiguration", routes)]),
    "runtime.json": resources([typed("service.runtime.v3.Runtime", { name: "sallyport", layer })]),
  };
}

function resources(list: readonly JsonObject[]): object {
  return { resources: list };
}

/** kubelet brings a new ConfigMap into the folder by moving one link. */
function followedFile(name: string): JsonObject {
  const path_config_source = { path: `${FOLDER}/${name}`, watched_directory: { path: FOLDER } };
  return { path_config_source, initial_fetch_timeout: "0s", resource_api_version: "V3" };
}

function gatewayIdentities({ gateways }: CompiledPolicy): string[] {
  return gateways.map(({ gateway }) => gateway.identity);
}

/** A pod of a cluster without IPv6 can't listen there. */
function families(cidrs: readonly string[]): string[] {
  const isIPv6 = (cidr: string) => cidr.includes(":");
  return [...(cidrs.every(isIPv6) ? [] : ["0.0.0.0"]), ...(cidrs.some(isIPv6) ? ["::"] : [])];
}
