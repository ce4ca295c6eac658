/** The nftables rules of one node: what its apps send is captured, what the network sends is refused. Pure text. */
import { HOP_PRIORITY, OUTBOUND_PORT, TUNNEL_PORT } from "../model/ports.ts";

export interface GuardFacts {
  /** Only endpoints have apps whose connections are captured. */
  readonly role: "endpoint" | "gateway";
  /** Address blocks of the overlay, IPv4 and IPv6. */
  readonly overlayCidrs: readonly string[];
  /** `All`: connections to every destination are captured, not only those into the overlay. */
  readonly interception: "Overlay" | "All";
}

/** Counters that `nft list counters` shows, by what they count. */
export const GUARD_COUNTERS = {
  /** TCP packets from outside for another port than the tunnel. */
  refusedTcp: "refused_tcp",
  /** Everything else from outside. */
  refusedOther: "refused_other",
  /** Packets of apps into the overlay that are not TCP, which the overlay does not carry. */
  uncarried: "uncarried",
} as const;

/**
 * One transaction for `nft -f -` that replaces the node's table whole, so that there is no moment without rules.
 * SO_PRIORITY is no protection by itself (any process can set it): what a bypassing process then reaches is the
 * guard of the other node.
 */
export function guardRules(facts: GuardFacts): string {
  const chains = facts.role === "endpoint" ? [captureChain(facts), leaveChain(facts), enterChain()] : [enterChain()];
  const counters = Object.values(GUARD_COUNTERS).map((name) => `  counter ${name} {\n  }`);
  const table = ["table inet sallyport {", [...counters, ...chains].join("\n\n"), "}"].join("\n");
  return `add table inet sallyport\ndelete table inet sallyport\n${table}\n`;
}

/** Apps' connections turn to the proxy, which finds the original destination in the connection tracker. */
function captureChain(facts: GuardFacts): string {
  return chain("capture", "type nat hook output priority -110; policy accept;", [
    'oifname "lo" accept',
    `meta priority 0:${HOP_PRIORITY} accept`,
    ...captured(facts).map((match) => `${match}meta l4proto tcp redirect to :${OUTBOUND_PORT}`),
  ]);
}

function leaveChain(facts: GuardFacts): string {
  return chain("leave", "type filter hook output priority 0; policy accept;", [
    'oifname "lo" accept',
    ...NEIGHBOURS_AND_ERRORS,
    ...captured(facts).map((match) => `${match}meta l4proto != tcp counter name ${GUARD_COUNTERS.uncarried} drop`),
  ]);
}

/**
 * Closed by default. Judged by the connection's direction and not by `ct state new`, so that connections which are
 * older than the rules are cut too.
 */
function enterChain(): string {
  return chain("enter", "type filter hook input priority 0; policy drop;", [
    'iifname "lo" accept',
    "ct direction reply accept",
    `tcp dport ${TUNNEL_PORT} accept`,
    ...NEIGHBOURS_AND_ERRORS,
    `meta l4proto tcp counter name ${GUARD_COUNTERS.refusedTcp} reject with tcp reset`,
    `counter name ${GUARD_COUNTERS.refusedOther} drop`,
  ]);
}

/** IPv6 needs neighbour discovery as IPv4 needs ARP; path MTU discovery needs errors about live connections. */
const NEIGHBOURS_AND_ERRORS = [
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
  "meta l4proto { icmp, icmpv6 } ct state related accept",
];

/** One match per block; a set would refuse overlapping ones. */
function captured(facts: GuardFacts): string[] {
  if (facts.interception === "All") return [""];
  return facts.overlayCidrs.map((cidr) => {
    if (!/^[0-9a-f.:]+\/[0-9]{1,3}$/.test(cidr)) throw new Error(`"${cidr}" is not an address block`);
    return `${cidr.includes(":") ? "ip6" : "ip"} daddr ${cidr} `;
  });
}

function chain(name: string, hook: string, rules: readonly string[]): string {
  return [`  chain ${name} {`, ...[hook, ...rules].map((line) => `    ${line}`), "  }"].join("\n");
}
