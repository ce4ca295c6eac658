import { z } from "zod";
import { IP_PROTOCOLS } from "../model/protocols.ts";
import type { PolicyPort } from "../model/resources.ts";
import type { FlowPeer, NumberedTraffic, Subject, Traffic } from "../model/tiers.ts";
import { didYouMean } from "./closest.ts";
import { shown } from "./issue.ts";
import { spiffeIdComplaint } from "./names.ts";
import { ipBlock, port } from "./policy-rule.ts";
import { fields, integer, isMapping, LIST_MAX, list, optional, sized, text } from "./schema.ts";
import { EVERYTHING, selector } from "./selector.ts";

/** What a FlowPolicy is about: its subject, peers, protocols and ports. */

const selectors = { namespaceSelector: optional(selector), podSelector: optional(selector) };

/** A selector that is absent beside another one selects everything; both absent would be too easily written. */
export const flowSubject = fields(selectors, {
  matchLabels: "belongs under podSelector or namespaceSelector",
  pods: "must be podSelector and namespaceSelector",
  namespaces: "must be namespaceSelector",
}).transform(({ namespaceSelector, podSelector }, context): Subject => {
  if (namespaceSelector === undefined && podSelector === undefined)
    context.addIssue({ code: "custom", message: "is empty: write podSelector: {} for everybody" });
  return { namespaceSelector: namespaceSelector ?? EVERYTHING, podSelector: podSelector ?? EVERYTHING };
});

/** A whole SPIFFE id, or all below a path: `spiffe://shop.example/ns/shop/*`. */
const identity = text((value) => spiffeIdComplaint(value.replace(/\/\*$/, "/x")));

const flowPeer = fields(
  { ...selectors, ipBlock: optional(ipBlock), identity: optional(identity) },
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
  const message =
    there === 0
      ? "is an empty peer: write podSelector: {} for all members, or ipBlock: {cidr: 0.0.0.0/0} for all IPv4 addresses"
      : "has more than one of selectors, ipBlock and identity: write them as several peers";
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

export const flowPeers = list(flowPeer).superRefine(sized(1, LIST_MAX, "podSelector: {} stands for all members"));

const NAMES: ReadonlyMap<unknown, number> = new Map(Object.entries(IP_PROTOCOLS));
const numberOf = (value: unknown) => NAMES.get(value) ?? (typeof value === "number" ? value : -1);

const protocol = z
  .custom<unknown>((value) => Number.isInteger(numberOf(value)) && numberOf(value) >= 0 && numberOf(value) <= 255, {
    error: ({ input }) => {
      const near = typeof input === "string" ? didYouMean(input, Object.keys(IP_PROTOCOLS)) : "";
      return `must be an IP protocol, from 0 to 255 or a name such as ICMP, GRE or ESP, not ${shown(input)}${near}`;
    },
  })
  .transform(numberOf);

const octet = integer(0, 255);
const ICMP: readonly number[] = [IP_PROTOCOLS.ICMP, IP_PROTOCOLS.ICMPv6];

/** `{protocol: GRE}`, `{protocol: 47}`, `{protocol: ICMP, type: 8, code: 0}`; a protocol alone may stand for itself. */
const flowProtocol = z
  .preprocess(
    (value) => (isMapping(value) ? value : { protocol: value }),
    fields(
      { protocol, type: optional(octet), code: optional(octet) },
      { port: "belongs into an entry of ports", endPort: "belongs into an entry of ports" },
    ),
  )
  .transform(({ protocol, type, code }, context): NumberedTraffic => {
    const complain = (field: string, message: string) => context.addIssue({ code: "custom", path: [field], message });
    if (type !== undefined && !ICMP.includes(protocol)) complain("type", "is for ICMP and ICMPv6 only: remove it");
    if (code !== undefined && type === undefined) complain("code", "needs type: a code means nothing without it");
    if (type === undefined) return { protocol, first: 0, last: 65535 };
    return { protocol, first: (type << 8) | (code ?? 0), last: (type << 8) | (code ?? 255) };
  });

const some = "or remove it for all traffic";
export const flowProtocols = list(flowProtocol).superRefine(sized(1, LIST_MAX, some));
export const flowPorts = list(port.transform(trafficOf)).superRefine(sized(1, LIST_MAX, some));

function trafficOf({ protocol, port, endPort }: PolicyPort): Traffic {
  const number = IP_PROTOCOLS[protocol];
  if (typeof port === "string") return { name: port, protocol: number };
  return { protocol: number, first: port ?? 0, last: endPort ?? port ?? 65535 };
}
