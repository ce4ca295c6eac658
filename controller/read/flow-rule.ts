import { z } from "zod";
import { IP_PROTOCOLS } from "../model/protocols.ts";
import type { PolicyPort } from "../model/resources.ts";
import { EVERYTHING } from "../model/selectors.ts";
import type { FlowPeer, NumberedTraffic, Subject, Traffic } from "../model/tiers.ts";
import { didYouMean } from "./closest.ts";
import { shown } from "./issue.ts";
import { spiffePatterns } from "./names.ts";
import { ipBlockOf, port } from "./policy-rule.ts";
import { fields, integer, isMapping, manyTextsOf, optional, published, sizedList } from "./schema.ts";
import { selectorOf } from "./selector.ts";

/** What a FlowPolicy is about: its subject, peers, protocols and ports. */

/** The API server refuses conditions that could take long, so lists in lists are short. */
const PEERS_MAX = 1000;
const TRAFFIC_MAX = 1000;
const selector = selectorOf(50, 100);

const selectors = {
  namespaceSelector: optional(selector).describe("Those in Namespaces with these labels. Without it: in any."),
  podSelector: optional(selector).describe("Those with these labels. Without it: with any."),
};

const HAS_SELECTOR = "has(self.namespaceSelector) || has(self.podSelector)";

/** A selector that is absent beside another one selects everything; both absent would be too easily written. */
const subject = fields(selectors, {
  matchLabels: "belongs under podSelector or namespaceSelector",
  pods: "must be podSelector and namespaceSelector",
  namespaces: "must be namespaceSelector",
}).transform(({ namespaceSelector, podSelector }, context): Subject => {
  if (namespaceSelector === undefined && podSelector === undefined)
    context.addIssue({ code: "custom", message: EMPTY_SUBJECT });
  return { namespaceSelector: namespaceSelector ?? EVERYTHING, podSelector: podSelector ?? EVERYTHING };
});
const EMPTY_SUBJECT = "is empty: write podSelector: {} for everybody";
export const flowSubject = published(subject, { rule: HAS_SELECTOR, message: EMPTY_SUBJECT });

const peer = fields(
  {
    ...selectors,
    ipBlock: optional(ipBlockOf(50)).describe("Addresses, of members and of outsiders."),
    identity: optional(manyTextsOf(spiffePatterns)).describe(
      "A SPIFFE id, or all below a path: spiffe://shop.example/ns/shop/*",
    ),
  },
  {
    cidr: "belongs under ipBlock",
    networks: "must be ipBlock: {cidr: ...}",
    pods: "must be podSelector and namespaceSelector",
    namespaces: "must be namespaceSelector",
    matchLabels: "belongs under podSelector or namespaceSelector",
  },
).transform(({ namespaceSelector, podSelector, ipBlock, identity }, context): FlowPeer => {
  const hasSelector = namespaceSelector !== undefined || podSelector !== undefined;
  const there = [hasSelector, ipBlock !== undefined, identity !== undefined].filter(Boolean).length;
  if (there === 1) {
    if (ipBlock?.kind === "block") return ipBlock;
    if (identity !== undefined) return { kind: "identity", identity };
    return { kind: "pods", namespaceSelector: namespaceSelector ?? EVERYTHING, podSelector: podSelector ?? EVERYTHING };
  }
  context.addIssue({ code: "custom", message: there === 0 ? EMPTY_PEER : MIXED_PEER });
  return z.NEVER;
});

const EMPTY_PEER =
  "is an empty peer: write podSelector: {} for all members, or ipBlock: {cidr: 0.0.0.0/0} for all IPv4 addresses";
const MIXED_PEER = "has more than one of selectors, ipBlock and identity: write them as several peers";
const KINDS = `[${HAS_SELECTOR}, has(self.ipBlock), has(self.identity)].filter(is, is)`;
const flowPeer = published(
  peer,
  { rule: `size(${KINDS}) > 0`, message: EMPTY_PEER },
  { rule: `size(${KINDS}) < 2`, message: MIXED_PEER },
);

export const flowPeers = sizedList(flowPeer, 1, PEERS_MAX, "podSelector: {} stands for all members").meta({
  "x-kubernetes-list-type": "atomic",
});

const NAMES: ReadonlyMap<unknown, number> = new Map(Object.entries(IP_PROTOCOLS));
const numberOf = (value: unknown) => NAMES.get(value) ?? (typeof value === "number" ? value : -1);

const protocol = z
  .custom<unknown>((value) => Number.isInteger(numberOf(value)) && numberOf(value) >= 0 && numberOf(value) <= 255, {
    error: ({ input }) => {
      const near = typeof input === "string" ? didYouMean(input, Object.keys(IP_PROTOCOLS)) : "";
      return `must be an IP protocol, from 0 to 255 or a name such as ICMP, GRE or ESP, not ${shown(input)}${near}`;
    },
  })
  .transform(numberOf)
  .meta({
    "x-kubernetes-int-or-string": true,
    minimum: 0,
    maximum: 255,
    pattern: `^(${Object.keys(IP_PROTOCOLS).join("|")})$`,
  });

const octet = integer(0, 255);
const ICMP: readonly number[] = [IP_PROTOCOLS.ICMP, IP_PROTOCOLS.ICMPv6];

/** `{protocol: GRE}`, `{protocol: 47}`, `{protocol: ICMP, type: 8, code: 0}`; a protocol alone may stand for itself. */
const protocolFields = published(
  fields(
    {
      protocol: protocol.describe(`An IP protocol, by number or by name: ${Object.keys(IP_PROTOCOLS).join(", ")}.`),
      type: optional(octet).describe("A type of ICMP or ICMPv6 messages."),
      code: optional(octet).describe("A code of that type."),
    },
    { port: "belongs into an entry of ports", endPort: "belongs into an entry of ports" },
  ),
  {
    rule: `!has(self.type) || ${["'ICMP'", "'ICMPv6'", ...ICMP].map((name) => `self.protocol == ${name}`).join(" || ")}`,
    message: "is for ICMP and ICMPv6 only: remove it",
    fieldPath: ".type",
  },
  {
    rule: "!has(self.code) || has(self.type)",
    message: "needs type: a code means nothing without it",
    fieldPath: ".code",
  },
);

const flowProtocol = z
  .preprocess((value) => (isMapping(value) ? value : { protocol: value }), protocolFields)
  .transform(({ protocol, type, code }, context): NumberedTraffic => {
    const complain = (field: string, message: string) => context.addIssue({ code: "custom", path: [field], message });
    if (type !== undefined && !ICMP.includes(protocol)) complain("type", "is for ICMP and ICMPv6 only: remove it");
    if (code !== undefined && type === undefined) complain("code", "needs type: a code means nothing without it");
    if (type === undefined) return { protocol, first: 0, last: 65535 };
    return { protocol, first: (type << 8) | (code ?? 0), last: (type << 8) | (code ?? 255) };
  });

const some = "or remove it for all traffic";
const atomic = { "x-kubernetes-list-type": "atomic" };
export const flowProtocols = sizedList(flowProtocol, 1, TRAFFIC_MAX, some).meta(atomic);
export const flowPorts = sizedList(port.transform(trafficOf), 1, TRAFFIC_MAX, some).meta(atomic);

function trafficOf({ protocol, port, endPort }: PolicyPort): Traffic {
  const number = IP_PROTOCOLS[protocol];
  if (typeof port === "string") return { name: port, protocol: number };
  return { protocol: number, first: port ?? 0, last: endPort ?? port ?? 65535 };
}
