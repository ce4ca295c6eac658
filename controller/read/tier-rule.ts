import type { z } from "zod";
import { formatBlock, parseBlock } from "../model/address.ts";
import { IP_PROTOCOLS } from "../model/protocols.ts";
import { EVERYTHING } from "../model/selectors.ts";
import type {
  DomainPeer,
  NamespacedPeer,
  NetworkPeer,
  NodePeer,
  NumberedTraffic,
  Subject,
  TierPeer,
  TierRule,
  Traffic,
} from "../model/tiers.ts";
import { portNameComplaint } from "./names.ts";
import { distinct, portNumber } from "./network.ts";
import { cidr } from "./policy-rule.ts";
import { fields, list, oneField, oneOf, optional, sized, text } from "./schema.ts";
import { selector } from "./selector.ts";

/** Rules of policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy, checked as its CustomResourceDefinition does. */
export const RULES_MAX = 25;
const NAME_MAX = 100;

/** NamespacedPod: an absent namespaceSelector means all namespaces, an absent podSelector is a fault. */
export const namespacedPods = fields(
  { namespaceSelector: optional(selector), podSelector: selector },
  { matchLabels: "belongs under podSelector or namespaceSelector" },
).transform(({ namespaceSelector, podSelector }): Subject => {
  return { namespaceSelector: namespaceSelector ?? EVERYTHING, podSelector };
});

const podPeers = {
  namespaces: selector.transform((namespaceSelector): NamespacedPeer => {
    return { kind: "pods", namespaceSelector, podSelector: EVERYTHING };
  }),
  pods: namespacedPods.transform((pods): NamespacedPeer => ({ kind: "pods", ...pods })),
};

const DOMAIN = /^(\*\.)?([a-z0-9_]([-a-z0-9_]*[a-z0-9])?\.)+[a-z0-9_]([-a-z0-9_]*[a-z0-9])?\.?$/i;

const domain = text((value) =>
  value.length <= 255 && DOMAIN.test(value)
    ? undefined
    : "is not a domain name: write kubernetes.io, or *.kubernetes.io for the names below it",
).transform((value) => value.toLowerCase().replace(/\.$/, ""));

const egressPeers = {
  ...podPeers,
  nodes: selector.transform((selector): NodePeer => ({ kind: "nodes", selector })),
  networks: list(cidr)
    .superRefine(sized(1, RULES_MAX, "blocks such as 10.0.0.0/8"))
    .superRefine(distinct(String))
    .transform((cidrs): NetworkPeer => ({ kind: "networks", cidrs: cidrs.map(canonical) })),
  domainNames: list(domain)
    .superRefine(sized(1, RULES_MAX, "names such as kubernetes.io"))
    .superRefine(distinct(String))
    .transform((names): DomainPeer => ({ kind: "domains", names })),
};

function canonical(text: string): string {
  const block = parseBlock(text);
  return block === undefined ? text : formatBlock(block);
}

const peerHints = {
  podSelector: "belongs under pods",
  namespaceSelector: "belongs under pods; for all pods of some namespaces write namespaces",
  ipBlock: "must be networks: [blocks]",
  cidr: "must be networks: [blocks]",
};
const onlyInEgress = "is for egress rules only: ingress rules name namespaces or pods";
const ingressPeer = oneField(podPeers, {
  ...peerHints,
  nodes: onlyInEgress,
  networks: onlyInEgress,
  domainNames: onlyInEgress,
});
const egressPeer = oneField(egressPeers, peerHints);

const portRange = fields({ start: portNumber, end: portNumber }).superRefine(({ start, end }, context) => {
  if (start < end) return;
  const message = `${end} is not more than start ${start}: ${start === end ? "write number" : "swap them"}`;
  context.addIssue({ code: "custom", path: ["end"], message });
});

const destinationPort = oneField({
  number: portNumber.transform((port) => ({ first: port, last: port })),
  range: portRange.transform(({ start, end }) => ({ first: start, last: end })),
});

function ofProtocol(protocol: number) {
  const hint = "belongs under destinationPort";
  return fields(
    { destinationPort },
    { number: hint, range: hint, port: "must be destinationPort: {number: ...}" },
  ).transform(({ destinationPort }): NumberedTraffic => ({ protocol, ...destinationPort }));
}

const protocolHint = "is of an older version: write tcp: {destinationPort: {number: ...}}";
const traffic = oneField(
  {
    tcp: ofProtocol(IP_PROTOCOLS.TCP),
    udp: ofProtocol(IP_PROTOCOLS.UDP),
    sctp: ofProtocol(IP_PROTOCOLS.SCTP),
    destinationNamedPort: text(portNameComplaint).transform((name): Traffic => ({ name })),
  },
  {
    namedPort: "must be destinationNamedPort",
    portNumber: protocolHint,
    portRange: protocolHint,
    protocol: protocolHint,
  },
);

const common = {
  name: optional(text((value) => (value.length <= NAME_MAX ? undefined : `has more than ${NAME_MAX} letters`))),
  action: oneOf("Accept", "Deny", "Pass"),
  protocols: optional(list(traffic).superRefine(sized(1, RULES_MAX, "or remove it for all traffic"))),
};

const peersOf = <S extends z.ZodType>(peer: S) =>
  list(peer).superRefine(sized(1, RULES_MAX, "namespaces: {} stands for all pods"));
const ports = "must be protocols";

/** Rules of `ingress`; index is left for the caller to set. */
export const ingressTierRule = fields(
  { ...common, from: peersOf(ingressPeer) },
  { to: "must be from: ingress rules name sources", ports },
).transform(({ name = "", action, from, protocols }) => rule(name, action, from, protocols));

/** Rules of `egress`. */
export const egressTierRule = fields(
  { ...common, to: peersOf(egressPeer) },
  { from: "must be to: egress rules name destinations", ports },
).transform(({ name = "", action, to, protocols }, context) => {
  const kinds = new Set((to as TierPeer[]).map(({ kind }) => kind));
  const complain = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  if (kinds.has("domains") && action !== "Accept")
    complain(["action"], `${action} can't be said of domainNames: Accept some, and Deny networks in a later rule`);
  if (kinds.size > (kinds.has("pods") ? 1 : 0)) {
    for (const [i, one] of (protocols ?? []).entries())
      if ("name" in one)
        complain(["protocols", i], "is a named port: nodes, networks and domainNames have none; write its number");
  }
  return rule(name, action, to as TierPeer[], protocols);
});

function rule(
  name: string,
  action: TierRule["action"],
  peers: readonly TierPeer[],
  traffic: readonly Traffic[] | undefined,
): Omit<TierRule, "index"> {
  return { name, action, peers, ...(traffic !== undefined && { traffic }) };
}
