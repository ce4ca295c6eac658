/** What a SaP's Envoy consists of, whether the standalone controller runs it or a pod. */
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
import { http2Upstream, type JsonObject, mutualTls, type SanMatch, wasmFilter } from "./envoy.ts";
import { tunnelListener } from "./tunnel.ts";

export interface Gateway extends Caller {
  /** Addresses for the tunnel, without port. */
  readonly listen: readonly string[];
  /** Who may open a tunnel: SPIFFE trust domains. */
  readonly trustDomains: readonly string[];
  readonly control: Control;
  /** Path of gateway.wasm, and what the filter is told. */
  readonly code: string;
  readonly configuration: string;
  readonly resetLimits: boolean;
  /** How the tunnel finds its routes: those of `gatewayRoutes`, or where they come from. */
  readonly routing: JsonObject;
}

/** Everything but what leads to other gateways. */
export function gatewayParts(gateway: Gateway): { readonly tunnel: JsonObject; readonly clusters: JsonObject[] } {
  const peers: SanMatch[] = gateway.trustDomains.map((domain) => ({ prefix: `spiffe://${domain}/` }));
  const gate = wasmFilter("http", "gate", gateway.code, gateway.configuration);
  const expectedSan = { from: "sallyport_identity", to: "envoy.network.upstream_subject_alt_names" };
  return {
    tunnel: tunnelListener({
      name: TUNNEL,
      listen: gateway.listen,
      tls: gateway.tls,
      peers,
      filters: [gate, hopState([expectedSan]), router()],
      routing: gateway.routing,
      resetLimits: gateway.resetLimits,
    }),
    clusters: [
      originalDstCluster("endpoint", {
        typed_extension_protocol_options: http2Upstream(),
        transport_socket: mutualTls("Upstream", gateway.tls, peers),
      }),
      controlCluster("control", gateway.control, gateway),
    ],
  };
}

/** Of the listener and of its routes. */
export const TUNNEL = "tunnel";

/** To the overlay's other gateways, by filter state that only our filter sets, never by a header that a peer could send. */
export function gatewayRoutes(neighbours: readonly GatewayRef[]): JsonObject[] {
  const key = "wasm.sallyport_cluster";
  const to = (name: string) => connectRoute(name, {}, { filter_state: [{ key, string_match: { exact: name } }] });
  return [...neighbours.map(({ nodeId }) => to(gatewayClusterName(nodeId))), connectRoute("endpoint", {})];
}

export function gatewayClusters(neighbours: readonly GatewayRef[], caller: Caller): JsonObject[] {
  return neighbours.map((gateway) => gatewayCluster(gateway, caller));
}

/** `spiffe://domain/...` -> domain, of each; ascending, distinct. */
export function trustDomainsOf(identities: readonly string[]): string[] {
  const domains = identities.map((identity) => identity.slice("spiffe://".length).split("/")[0] ?? "");
  return [...new Set(domains)].sort();
}
