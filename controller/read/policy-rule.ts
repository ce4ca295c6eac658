import { z } from "zod";
import { type Block, formatBlock, isInside, parseBlock } from "../model/address.ts";
import type { Peer, PolicyPort, PolicyRule } from "../model/resources.ts";
import { shown } from "./issue.ts";
import { portNameComplaint } from "./names.ts";
import { portNumber, protocol } from "./network.ts";
import { check, fields, list, optional, text } from "./schema.ts";
import { EVERYTHING, selector } from "./selector.ts";

/**
 * Rules of networking.k8s.io/v1 NetworkPolicy, checked as the API server does (`ValidateNetworkPolicyPort`, `-Peer`,
 * `ValidateIPBlock`) and stricter only where a text has two readings.
 */

export const cidr = text((value) =>
  parseBlock(value) === undefined
    ? "is not a block of addresses: write 10.0.0.0/8 or 2001:db8::/32, without leading zeros, and IPv4 as IPv4"
    : undefined,
);

/** Host bits are cleared, as `net.ParseCIDR` does behind the API; an exception must lie inside the block. */
export const ipBlock = fields({ cidr, except: optional(list(cidr)) }).transform(
  ({ cidr, except = [] }, context): Peer => {
    const block = parseBlock(cidr) as Block;
    const exceptions = except.map((text) => parseBlock(text) as Block);
    for (const [i, exception] of exceptions.entries()) {
      if (isInside(exception.first, block) && exception.bits > block.bits) continue;
      const message = `${shown(except[i])} must lie within cidr ${formatBlock(block)} and be smaller`;
      context.addIssue({ code: "custom", path: ["except", i], message });
    }
    return { kind: "block", cidr: formatBlock(block), except: exceptions.map(formatBlock) };
  },
);

const peer = fields(
  {
    podSelector: optional(selector),
    namespaceSelector: optional(selector),
    ipBlock: optional(ipBlock),
  },
  {
    cidr: "belongs under ipBlock",
    matchLabels: "belongs under podSelector or namespaceSelector",
    matchExpressions: "belongs under podSelector or namespaceSelector",
  },
).transform(({ podSelector, namespaceSelector, ipBlock }, context): Peer => {
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined;
  if (ipBlock === undefined && hasSelector) {
    const base = { kind: "pods" as const, podSelector: podSelector ?? EVERYTHING };
    return namespaceSelector === undefined ? base : { ...base, namespaceSelector };
  }
  if (ipBlock !== undefined && !hasSelector) return ipBlock;
  const message = hasSelector
    ? "has ipBlock and a selector: write them as two peers"
    : "is an empty peer: write podSelector: {} for all pods of this namespace, or remove the list for every peer";
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

const portName = text(portNameComplaint);

export const port = fields({
  protocol: optional(protocol),
  port: optional(z.unknown()),
  endPort: optional(portNumber),
}).transform(({ protocol = "TCP", port, endPort }, context): PolicyPort => {
  const complain = (field: string, message: string) => context.addIssue({ code: "custom", path: [field], message });
  if (port === undefined) {
    if (endPort !== undefined) complain("endPort", "needs port, the first port of the range");
    return { protocol };
  }
  const checked =
    typeof port === "string"
      ? check<number | string>(portName, port, [])
      : check<number | string>(portNumber, port, []);
  if (!checked.ok) {
    for (const { message } of checked.issues) complain("port", message);
    return z.NEVER;
  }
  if (endPort === undefined) return { protocol, port: checked.value };
  if (typeof checked.value === "string")
    complain("endPort", "cannot follow a named port: write the range with numbers");
  else if (endPort < checked.value) complain("endPort", `${endPort} is less than port ${checked.value}: swap them`);
  return { protocol, port: checked.value, endPort };
});

const peers = optional(list(peer));
const ports = optional(list(port));

/** Rules of `ingress`, whose peers are in `from`; index is left for the caller to set. */
export const ingressRule = fields(
  { from: peers, ports },
  {
    to: "must be from: ingress rules name sources",
    ...peerHints("from"),
  },
).transform(({ from, ports }) => rule(from, ports));

/** Rules of `egress`, whose peers are in `to`. */
export const egressRule = fields(
  { to: peers, ports },
  {
    from: "must be to: egress rules name destinations",
    ...peerHints("to"),
  },
).transform(({ to, ports }) => rule(to, ports));

function peerHints(list: string): Record<string, string> {
  const message = `belongs into an entry of ${list}`;
  return { podSelector: message, namespaceSelector: message, ipBlock: message };
}

/** An absent and an empty list mean the same: every peer, every port (networking/v1 `NetworkPolicyIngressRule`). */
function rule(peers: readonly Peer[] = [], ports: readonly PolicyPort[] = []): Omit<PolicyRule, "index"> {
  return { ...(peers.length > 0 && { peers }), ...(ports.length > 0 && { ports }) };
}
