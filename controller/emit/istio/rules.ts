/** The nftables rules of a pod in a mesh, beside Istio's own, which they leave as they are. Pure text. */
import { RULES_TITLE } from "../../model/labels.ts";
import { CODE_PORT, CONTROL_PORT, HOP_PRIORITY, OUTBOUND_PORT, TUNNEL_PORT } from "../../model/ports.ts";

export interface PodRuleFacts {
  /** Address blocks that pods have addresses of, IPv4 and IPv6. Who of them is a member `stamp` knows. */
  readonly cidrs: readonly string[];
  /** The guard counts what it would refuse, and lets it in. */
  readonly audits?: boolean;
  /** `All`: nothing but the sidecar and questions to DNS leaves the pod, whatever it is addressed to. */
  readonly interception?: "Overlay" | "All";
}

/** Counters that `nft list counters` shows, by what they count. */
export const POD_COUNTERS = {
  /** Connections of the sidecar that were led into the overlay. */
  captured: "captured",
  /** TCP packets from outside for a port that isn't open to it. */
  refusedTcp: "refused_tcp",
  /** Everything else from outside. */
  refusedOther: "refused_other",
  /** What left past the sidecar, with `interception: All`. */
  refusedLeaving: "refused_leaving",
} as const;

/** Istio's: sidecar and istio-agent run as this user. */
const PROXY_UID = 1337;
/** xDS and certificates. */
const ISTIOD_PORT = 15012;
const DNS_PORT = 53;
/** istio-agent's merged metrics and health, Envoy's readiness, Envoy's metrics. */
const MESH_PORTS = [15020, 15021, 15090];

/**
 * One transaction for `nft -f -` that replaces the table whole, so that there is no moment without rules. It is to be
 * loaded before the proxy starts: a connection that is older would go on past the overlay.
 */
export function podRules({ cidrs, audits = false, interception = "Overlay" }: PodRuleFacts): string {
  const isClosed = interception === "All";
  const counters = Object.values(POD_COUNTERS).map((name) => `  counter ${name} {\n  }`);
  const captured = isClosed ? [`tcp dport != ${DNS_PORT} `] : cidrs.map((cidr) => `${family(cidr)} daddr ${cidr} `);
  const leave = isClosed ? [leaveChain(audits)] : [];
  const chains = [captureChain(captured), ...leave, tunnelChain(), guardChain(audits)];
  const table = ["table inet sallyport {", [...counters, ...chains].join("\n\n"), "}"].join("\n");
  const title = `${RULES_TITLE} ${audits ? "audit" : "enforce"}`;
  return `${title}\nadd table inet sallyport\ndelete table inet sallyport\n${table}\n`;
}

/**
 * Before Istio's chain (-100). What the sidecar sends, after it has routed, balanced and encrypted it, turns to our
 * listener. SO_PRIORITY and the ports of control planes keep what must get out before there is a listener; they are no
 * protection: what bypasses the overlay meets the guard of the other pod.
 */
function captureChain(captured: readonly string[]): string {
  return chain("capture", "type nat hook output priority -110; policy accept;", [
    'oifname "lo" accept',
    `meta skuid != ${PROXY_UID} accept`,
    `meta priority 0:${HOP_PRIORITY} accept`,
    // Where Services are resolved at connect(), istio-agent's own connections carry addresses of pods.
    `tcp dport ${set([ISTIOD_PORT, CONTROL_PORT, CODE_PORT])} accept`,
    ...captured.map((match) => `${match}${TO_LISTENER}`),
  ]);
}

const TO_LISTENER = `meta l4proto tcp counter name ${POD_COUNTERS.captured} redirect to :${OUTBOUND_PORT}`;

/** Annotations of a pod and apps that choose their user lead past Istio's capture: with this chain no further. */
function leaveChain(audits: boolean): string {
  const refuse = audits ? "accept" : "drop";
  const refuseTcp = audits ? "accept" : "reject with tcp reset";
  return chain("leave", "type filter hook output priority 0; policy accept;", [
    'oifname "lo" accept',
    "ct direction reply accept",
    // Redirected to the sidecar, or to our listener.
    "ct status dnat accept",
    `meta skuid ${PROXY_UID} accept`,
    `meta l4proto { tcp, udp } th dport ${DNS_PORT} accept`,
    ...NEIGHBOURS_AND_ERRORS,
    `meta l4proto tcp counter name ${POD_COUNTERS.refusedLeaving} ${refuseTcp}`,
    `counter name ${POD_COUNTERS.refusedLeaving} ${refuse}`,
  ]);
}

/** IPv6 needs neighbour discovery as IPv4 needs ARP; path MTU discovery needs errors about live connections. */
const NEIGHBOURS_AND_ERRORS = [
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
  "meta l4proto { icmp, icmpv6 } ct state related accept",
];

/** Before Istio's chain, which would lead the tunnel to its own inbound listener. */
function tunnelChain(): string {
  return chain("tunnel", "type nat hook prerouting priority -110; policy accept;", [
    `tcp dport ${TUNNEL_PORT} redirect to :${TUNNEL_PORT}`,
  ]);
}

/**
 * Closed by default. By the port that was dialled and not by the one that Istio redirected to; by the connection's
 * direction and not by `ct state new`, so that connections which are older than the rules are cut too.
 */
function guardChain(audits: boolean): string {
  const policy = audits ? "accept" : "drop";
  return chain("guard", `type filter hook input priority -1; policy ${policy};`, [
    'iifname "lo" accept',
    "ct direction reply accept",
    `meta l4proto tcp ct original proto-dst ${set([TUNNEL_PORT, ...MESH_PORTS])} accept`,
    ...NEIGHBOURS_AND_ERRORS,
    // A stray segment of a live connection: a reset would end it.
    `ct state invalid counter name ${POD_COUNTERS.refusedOther} ${policy}`,
    `meta l4proto tcp counter name ${POD_COUNTERS.refusedTcp} ${audits ? policy : "reject with tcp reset"}`,
    `counter name ${POD_COUNTERS.refusedOther} ${policy}`,
  ]);
}

function family(cidr: string): "ip" | "ip6" {
  if (!/^[0-9a-f.:]+\/[0-9]{1,3}$/.test(cidr)) throw new Error(`"${cidr}" is not an address block`);
  return cidr.includes(":") ? "ip6" : "ip";
}

function set(ports: readonly number[]): string {
  return `{ ${ports.join(", ")} }`;
}

function chain(name: string, hook: string, rules: readonly string[]): string {
  return [`  chain ${name} {`, ...[hook, ...rules].map((line) => `    ${line}`), "  }"].join("\n");
}
