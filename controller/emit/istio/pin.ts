/** What the network itself may do with an opted-in namespace's pods, where a CNI enforces NetworkPolicy. */
import type { CompiledGateway, CompiledPolicy } from "../../compile/compiled.ts";
import { GATEWAY_LABEL, OPTED_OUT, OVERLAY_LABEL } from "../../model/labels.ts";
import { CODE_PORT, CONTROL_PORT, TUNNEL_PORT } from "../../model/ports.ts";
import type { OverlayGateway } from "../../model/resources.ts";
import type { JsonObject } from "../envoy.ts";
import type { Mesh } from "./mesh.ts";

/** istio-agent's merged metrics and health, Envoy's own metrics: scraped and probed from anywhere. */
const MESH_PORTS = [15020, 15021, 15090];
/** xDS and certificates. */
const ISTIOD_PORT = 15012;
const DNS_PORT = 53;

/** Spec of the companion NetworkPolicy: to and from gateways; out to DNS and the control planes as well. */
export function pinned({ overlay, gateways }: CompiledPolicy, mesh: Mesh): JsonObject {
  const replicas = byName(gateways).flatMap(({ gateway }) => replicasOf(gateway));
  const tunnels = { ports: [tcp(TUNNEL_PORT)] };
  return {
    podSelector: overlay.podOptOut === "Allow" ? { matchExpressions: [notOptedOut] } : {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [...(replicas.length > 0 ? [{ from: replicas, ...tunnels }] : []), { ports: MESH_PORTS.map(tcp) }],
    egress: [
      ...(replicas.length > 0 ? [{ to: replicas, ...tunnels }] : []),
      {
        to: [namespaceNamed(mesh.dnsNamespace)],
        ports: [{ protocol: "UDP", port: DNS_PORT }, tcp(DNS_PORT)],
      },
      { to: [namespaceNamed(mesh.istioNamespace)], ports: [tcp(ISTIOD_PORT)] },
      { to: [namespaceNamed(mesh.controlNamespace)], ports: [tcp(CONTROL_PORT), tcp(CODE_PORT)] },
      ...(overlay.interception === "Overlay" ? [{ to: outsiders(overlay.name, overlay.cidr) }] : []),
    ],
  };
}

const notOptedOut: JsonObject = { key: OVERLAY_LABEL, operator: "NotIn", values: [OPTED_OUT] };

/** Who is no member is reached directly: pods of other namespaces, and everything beyond the overlay's addresses. */
function outsiders(overlay: string, cidrs: readonly string[]): JsonObject[] {
  const isIPv6 = (cidr: string) => cidr.includes(":");
  const others = { key: OVERLAY_LABEL, operator: "NotIn", values: [overlay] };
  return [
    { namespaceSelector: { matchExpressions: [others] } },
    { ipBlock: { cidr: "0.0.0.0/0", ...excepting(cidrs.filter((cidr) => !isIPv6(cidr))) } },
    { ipBlock: { cidr: "::/0", ...excepting(cidrs.filter(isIPv6)) } },
  ];
}

function excepting(cidrs: readonly string[]): JsonObject {
  return cidrs.length === 0 ? {} : { except: [...cidrs].sort() };
}

function byName(gateways: readonly CompiledGateway[]): CompiledGateway[] {
  return [...gateways].sort((a, b) => (a.gateway.name < b.gateway.name ? -1 : 1));
}

/** Pods come and go with other addresses; their label stays. */
function replicasOf({ name, addresses, service }: OverlayGateway): JsonObject[] {
  if (service === undefined) return addresses.map(hostBlock);
  return [{ ...namespaceNamed(service.namespace), podSelector: { matchLabels: { [GATEWAY_LABEL]: name } } }];
}

/** `ip:port` or `[ip]:port` as a block of one address. */
function hostBlock(address: string): JsonObject {
  const host = address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return { ipBlock: { cidr: host.includes(":") ? `${host}/128` : `${host}/32` } };
}

function namespaceNamed(name: string): JsonObject {
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } };
}

function tcp(port: number): JsonObject {
  return { protocol: "TCP", port };
}
