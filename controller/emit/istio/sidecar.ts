/** An opted-in sidecar's part of Envoy's configuration: the endpoint's, with what Istio has instead of files. */
import type { CompiledPolicy } from "../../compile/compiled.ts";
import { gatewayRefs } from "../clusters.ts";
import { type EndpointParts, endpointParts } from "../endpoint.ts";
import { discoveredFilter, type FilterKind, type JsonObject, type TlsSecrets, wasmExtension } from "../envoy.ts";
import { codeUrl, controlAddress, controlIdentity, type Mesh } from "./mesh.ts";

const PREFIX = "sallyport-";

/** From here the app is dialled. No packet from outside can carry it, and Istio's own rule leads it to the inbound listener. */
const TUNNEL_SOURCE = "127.0.0.7";

/** The filters of the two listeners; the guard comes by WasmPlugin. */
const FILTERS: readonly { readonly role: string; readonly kind: FilterKind }[] = [
  { role: "stamp", kind: "network" },
  { role: "verify", kind: "http" },
];

export function sidecarParts(policy: CompiledPolicy, mesh: Mesh): EndpointParts {
  const { outbound, tunnel, clusters } = endpointParts({
    prefix: PREFIX,
    gateways: gatewayRefs(policy.gateways),
    control: { address: controlAddress(mesh), identity: controlIdentity(mesh), named: true },
    // The redirect of locally made connections leads to loopback, where nobody else can come.
    listen: { outbound: ["127.0.0.1"], tunnel: ["0.0.0.0"] },
    destination: "original_dst",
    stamp: discoveredFilter("network", "stamp"),
    verify: discoveredFilter("http", "verify"),
    tls: MESH_SECRETS,
    source: undefined,
    appSource: TUNNEL_SOURCE,
    // istiod refuses fields that are younger than itself; tunnel connections retire early enough without them.
    resetLimits: false,
  });
  return {
    outbound: { ...outbound, traffic_direction: "OUTBOUND" },
    tunnel: { ...tunnel, traffic_direction: "INBOUND" },
    clusters,
  };
}

/** The filters themselves, which the listeners ask for by name. */
export function sidecarFilters({ overlay }: CompiledPolicy, mesh: Mesh): JsonObject[] {
  // istio-agent downloads the code, checks the digest and gives Envoy a file: the cluster is never used.
  const http_uri = { uri: codeUrl(mesh), cluster: "_", timeout: "10s" };
  const code: JsonObject = { remote: { http_uri, sha256: mesh.codeDigest } };
  return FILTERS.map(({ role, kind }) => {
    const lines = [`role=${role}`, `overlay=${overlay.id}`, `pod-of=${mesh.cluster}`, `control=${PREFIX}control`];
    return wasmExtension(kind, role, code, lines.join("\n"));
  });
}

/** Istio's own: istio-agent answers for them on the cluster `sds-grpc`, and renews them. */
const MESH_SECRETS: TlsSecrets = { identity: agentSecret("default"), roots: agentSecret("ROOTCA") };

function agentSecret(name: string): JsonObject {
  return {
    name,
    sds_config: {
      api_config_source: {
        api_type: "GRPC",
        grpc_services: [{ envoy_grpc: { cluster_name: "sds-grpc" } }],
        set_node_on_first_message_only: true,
        transport_api_version: "V3",
      },
      initial_fetch_timeout: "0s",
      resource_api_version: "V3",
    },
  };
}
