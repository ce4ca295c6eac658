/** The worlds behind the data plane scenarios: a realistic cluster around one client and one server that really run. */
import type {
  NetworkPolicy,
  OverlayEndpoint,
  PolicyRule,
  Requirement,
  Selector,
  World,
} from "../../controller/model/resources.ts";
import { OVERLAY, realisticWorld } from "../worlds.ts";

export const SERVICE_PORT = 8080;
const NAMESPACE = "bench";
const POLICIES_PER_NAMESPACE = 20;

/** Where one chain of three proxies lives; `index` keeps the chains' addresses apart. */
export interface ChainPlace {
  /** Part of node names. */
  readonly name: string;
  /** 0..15 */
  readonly index: number;
  /** How many addresses the server has apart from its main one. */
  readonly destinations: number;
}

export const clientName = ({ name }: ChainPlace) => `client-${name}`;
export const serverName = ({ name }: ChainPlace) => `server-${name}`;
export const gatewayName = ({ name }: ChainPlace) => `gateway-${name}`;
export const serverAddress = ({ index }: ChainPlace) => `10.${100 + index}.0.1`;
/** First of the consecutive further addresses. */
export const firstDestination = ({ index }: ChainPlace) => `10.${100 + index}.4.0`;
export const serverNetwork = ({ index }: ChainPlace) => `10.${100 + index}.0.0/16`;

/**
 * A cluster that grows with its policies: as many endpoints as policies, 20 a namespace, of `realisticWorld`. In the
 * middle of them two policies more, by which the client may call the server.
 */
export function flowWorld(place: ChainPlace, policies: number): World {
  const namespaces = Math.ceil(policies / POLICIES_PER_NAMESPACE);
  const cluster = realisticWorld({ endpoints: policies, policies, namespaces, seed: 1 });
  const middle = cluster.policies.length >>> 1;
  return {
    ...cluster,
    overlays: cluster.overlays.map((overlay) => ({ ...overlay, path: [gatewayName(place)] })),
    gateways: [
      {
        origin: origin("OverlayGateway", gatewayName(place)),
        name: gatewayName(place),
        overlays: [OVERLAY],
        addresses: [`10.0.${place.index}.1:15042`],
        identity: `spiffe://bench/gateway/${place.name}`,
        local: { concurrency: 1 },
      },
    ],
    endpoints: [...cluster.endpoints, client(place), server(place)],
    namespaces: [...cluster.namespaces, { name: NAMESPACE, labels: { "kubernetes.io/metadata.name": NAMESPACE } }],
    policies: [...cluster.policies.slice(0, middle), callerPolicy(), calleePolicy(), ...cluster.policies.slice(middle)],
  };
}

function client(place: ChainPlace): OverlayEndpoint {
  return endpoint(clientName(place), "client", [`10.96.${place.index}.1`]);
}

function server(place: ChainPlace): OverlayEndpoint {
  const more = Array.from(
    { length: place.destinations },
    (_, i) => `10.${100 + place.index}.${4 + (i >>> 8)}.${i & 255}`,
  );
  return endpoint(serverName(place), "server", [serverAddress(place), ...more]);
}

function endpoint(name: string, app: string, addresses: readonly string[]): OverlayEndpoint {
  return {
    origin: origin("OverlayEndpoint", name),
    name,
    overlay: OVERLAY,
    namespace: NAMESPACE,
    labels: { app },
    addresses,
    ports: [],
    identity: `spiffe://bench/ns/${NAMESPACE}/sa/${name}`,
    local: { concurrency: 1 },
  };
}

function callerPolicy(): NetworkPolicy {
  return {
    origin: origin("NetworkPolicy", `${NAMESPACE}/client`),
    namespace: NAMESPACE,
    name: "client",
    podSelector: app("client"),
    egress: [toOrFrom("server")],
  };
}

function calleePolicy(): NetworkPolicy {
  return {
    origin: origin("NetworkPolicy", `${NAMESPACE}/server`),
    namespace: NAMESPACE,
    name: "server",
    podSelector: app("server"),
    ingress: [toOrFrom("client")],
  };
}

function toOrFrom(name: string): PolicyRule {
  return {
    index: 0,
    peers: [{ kind: "pods", podSelector: app(name) }],
    ports: [{ protocol: "TCP", port: SERVICE_PORT }],
  };
}

function app(name: string): Selector {
  return { requirements: [{ key: "app", operator: "In", values: [name] } satisfies Requirement] };
}

function origin(kind: string, name: string) {
  return { file: "generated", line: 1, kind, name };
}
