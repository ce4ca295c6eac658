import { z } from "zod";
import { type Block, formatBlock, isInside, parseBlock } from "../model/address.ts";
import type { Peer, PolicyPort, PolicyRule } from "../model/resources.ts";
import { EVERYTHING } from "../model/selectors.ts";
import { shown } from "./issue.ts";
import { portNameComplaint, portNames } from "./names.ts";
import { portNumber, protocol } from "./network.ts";
import { check, fields, LIST_MAX, list, optional, published, sizedList, text } from "./schema.ts";
import { selector } from "./selector.ts";

/**
 * Rules of networking.k8s.io/v1 NetworkPolicy, checked as the API server does (`ValidateNetworkPolicyPort`, `-Peer`,
 * `ValidateIPBlock`) and stricter only where a text has two readings.
 */

const NO_BLOCK =
  "is not a block of addresses: write 10.0.0.0/8 or 2001:db8::/32, without leading zeros, and IPv4 as IPv4";

export const cidr = published(
  text((value) => (parseBlock(value) === undefined ? NO_BLOCK : undefined)),
  {
    rule: "isCIDR(self)",
    message: NO_BLOCK,
  },
).meta({ maxLength: 49 });

/** Host bits are cleared, as `net.ParseCIDR` does behind the API; an exception must lie inside the block. */
export function ipBlockOf(mostExceptions: number) {
  const except = optional(sizedList(cidr, 0, mostExceptions, "blocks within cidr"));
  const block = fields({
    cidr: cidr.describe("A block of addresses; bits after the prefix don't count."),
    except: except.meta({ "x-kubernetes-list-type": "atomic" }).describe("Smaller blocks within it that are left out."),
  }).transform(({ cidr, except = [] }, context): Peer => {
    const block = parseBlock(cidr) as Block;
    const exceptions = except.map((text) => parseBlock(text) as Block);
    for (const [i, exception] of exceptions.entries()) {
      if (isInside(exception.first, block) && exception.bits > block.bits) continue;
      const message = `${shown(except[i])} must lie within cidr ${formatBlock(block)} and be smaller`;
      context.addIssue({ code: "custom", path: ["except", i], message });
    }
    return { kind: "block", cidr: formatBlock(block), except: exceptions.map(formatBlock) };
  });
  const isSmaller = "cidr(self.cidr).containsCIDR(e) && cidr(self.cidr).prefixLength() < cidr(e).prefixLength()";
  return published(block, {
    rule: `!has(self.except) || !isCIDR(self.cidr) || self.except.all(e, !isCIDR(e) || (${isSmaller}))`,
    message: "must lie within cidr and be smaller",
    fieldPath: ".except",
  });
}

const ipBlock = ipBlockOf(LIST_MAX);

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

/** The API server looks at the limits of a number for numbers only, at those of a text for texts only. */
const numberOrName = z.unknown().meta({
  "x-kubernetes-int-or-string": true,
  minimum: 1,
  maximum: 65535,
  maxLength: portNames.longest,
  pattern: portNames.pattern.source,
});

const portFields = fields({
  protocol: optional(protocol).meta({ default: "TCP" }).describe("TCP, UDP or SCTP."),
  port: optional(numberOrName).describe(
    "A port of the destination, by number or name. Without it: all of the protocol.",
  ),
  endPort: optional(portNumber).describe("The last port of a range that begins with port."),
});

export const port = published(portFields, {
  rule: "!has(self.endPort) || (has(self.port) && type(self.port) == int && int(self.port) <= self.endPort)",
  message: "needs a number in port that isn't greater",
  fieldPath: ".endPort",
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
