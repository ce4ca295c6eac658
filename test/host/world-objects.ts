/** A world as people write it: the objects that the reader makes that world of. */
import type { Node, Pod } from "../../controller/model/cluster.ts";
import type {
  BlockPeer,
  NetworkPolicy,
  OverlayEndpoint,
  Peer,
  PolicyRule,
  Selector,
  World,
} from "../../controller/model/resources.ts";
import type {
  ClusterNetworkPolicy,
  FlowPeer,
  FlowPolicy,
  Subject,
  TierPeer,
  TierRule,
  Traffic,
} from "../../controller/model/tiers.ts";
import { inside } from "./simple-evaluator.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const OURS = "sallyport.dev/v1alpha1";

/** Of one of `writableWorlds`. */
export function objectsOf(world: World): Json[] {
  const isPod = ({ name, namespace }: OverlayEndpoint) =>
    world.pods.some((pod) => pod.name === name && pod.namespace === namespace);
  const objects = [
    ...world.overlays.map(({ name, origin: _, ...spec }) => object(OURS, "Overlay", { name }, { spec })),
    ...world.gateways.map(({ name, origin: _, ...spec }) => object(OURS, "OverlayGateway", { name }, { spec })),
    ...world.namespaces.map((metadata) => object("v1", "Namespace", metadata, {})),
    ...world.nodes.map(node),
    ...world.pods.map(pod),
    ...world.endpoints
      .filter((one) => !isPod(one))
      .map(({ name, origin: _, ...spec }) => object(OURS, "OverlayEndpoint", { name }, { spec })),
    ...world.policies.map(networkPolicy),
    ...world.clusterPolicies.map(clusterPolicy),
    ...world.flowPolicies.map(flowPolicy),
  ];
  return objects as Json[];
}

function object(apiVersion: string, kind: string, metadata: object, rest: object): object {
  return { apiVersion, kind, metadata, ...rest };
}

function node({ name, labels, addresses }: Node): object {
  const listed = addresses.map((address) => ({ type: "InternalIP", address }));
  return object("v1", "Node", { name, labels }, { status: { addresses: listed } });
}

function pod({ name, namespace, labels, addresses, ports, identity, hostNetwork, node: nodeName }: Pod): object {
  const listed = ports.map(({ name, protocol, port: containerPort }) => {
    return { ...(name && { name }), protocol, containerPort };
  });
  const spec = {
    containers: [{ ports: listed }],
    serviceAccountName: identity.split("/").at(-1),
    ...(nodeName && { nodeName }),
    ...(hostNetwork && { hostNetwork }),
  };
  const status = { podIPs: addresses.map((ip) => ({ ip })), phase: "Running" };
  return object("v1", "Pod", { name, namespace, labels }, { spec, status });
}

const annotated = (policy: { enforcement?: "Audit" }) =>
  policy.enforcement && { annotations: { "sallyport.dev/enforcement": policy.enforcement } };

const selector = ({ requirements }: Selector) => ({
  matchExpressions: requirements.map(({ key, operator, values }) => ({
    key,
    operator,
    ...(values.length > 0 && { values }),
  })),
});

const both = ({ namespaceSelector, podSelector }: Subject) => ({
  namespaceSelector: selector(namespaceSelector),
  podSelector: selector(podSelector),
});

/** Exceptions outside of the block change nothing, and the reader refuses them. */
const ipBlock = ({ cidr, except }: BlockPeer) => ({
  ipBlock: { cidr, except: except.filter((hole) => lengthOf(hole) > lengthOf(cidr) && isWithin(hole, cidr)) },
});
const lengthOf = (cidr: string) => Number(cidr.split("/")[1]);
const isWithin = (hole: string, cidr: string) => inside(hole.split("/")[0] as string, cidr);

function networkPolicy(policy: NetworkPolicy): object {
  const { name, namespace, podSelector, ingress, egress } = policy;
  const rules = (list: readonly PolicyRule[], field: string) =>
    list.map(({ peers, ports }) => ({ ...(peers && { [field]: peers.map(peer) }), ...(ports && { ports }) }));
  const spec = {
    podSelector: selector(podSelector),
    policyTypes: [...(ingress ? ["Ingress"] : []), ...(egress ? ["Egress"] : [])],
    ...(ingress && { ingress: rules(ingress, "from") }),
    ...(egress && { egress: rules(egress, "to") }),
  };
  return object("networking.k8s.io/v1", "NetworkPolicy", { name, namespace, ...annotated(policy) }, { spec });
}

function peer(one: Peer): object {
  if (one.kind === "block") return ipBlock(one);
  const { namespaceSelector, podSelector } = one;
  return {
    podSelector: selector(podSelector),
    ...(namespaceSelector && { namespaceSelector: selector(namespaceSelector) }),
  };
}

function clusterPolicy(policy: ClusterNetworkPolicy): object {
  const { name, tier, priority, subject, ingress, egress } = policy;
  const rules = (list: readonly TierRule[], field: string) =>
    list.map(({ name, action, peers = [], traffic }) => ({
      ...(name && { name }),
      action,
      [field]: peers.map(tierPeer),
      ...(traffic && { protocols: traffic.map(tierTraffic) }),
    }));
  const spec = {
    tier,
    priority,
    subject: { pods: both(subject) },
    ingress: rules(ingress, "from"),
    egress: rules(egress, "to"),
  };
  const apiVersion = "policy.networking.k8s.io/v1alpha2";
  return object(apiVersion, "ClusterNetworkPolicy", { name, ...annotated(policy) }, { spec });
}

function tierPeer(one: TierPeer): object {
  if (one.kind === "pods") return { pods: both(one) };
  if (one.kind === "nodes") return { nodes: selector(one.selector) };
  return one.kind === "networks" ? { networks: one.cidrs } : { domainNames: one.names };
}

const PROTOCOLS: Readonly<Record<number, string>> = { 6: "TCP", 17: "UDP", 132: "SCTP" };

function tierTraffic(one: Traffic): object {
  if ("name" in one) return { destinationNamedPort: one.name };
  const { protocol, first, last } = one;
  const destinationPort = first === last ? { number: first } : { range: { start: first, end: last } };
  return { [PROTOCOLS[protocol]?.toLowerCase() ?? ""]: { destinationPort } };
}

function flowPolicy(policy: FlowPolicy): object {
  const { name, overlay, priority, subject, directions, action, peers = [], traffic = [], via, enforcement } = policy;
  const protocols = traffic.flatMap((one) => ("name" in one || isPorts(one) ? [] : [protocolText(one)]));
  const ports = traffic.flatMap((one) => ("name" in one || isPorts(one) ? [portText(one)] : []));
  const spec = {
    ...{ overlay, priority, subject: both(subject), action },
    [directions[0] === "ingress" ? "from" : "to"]: peers.map(flowPeer),
    ...(protocols.length > 0 && { protocols }),
    ...(ports.length > 0 && { ports }),
    ...(via && { via }),
    ...(enforcement && { enforcement }),
  };
  return object(OURS, "FlowPolicy", { name }, { spec });
}

function flowPeer(one: FlowPeer): object {
  if (one.kind === "pods") return both(one);
  return one.kind === "block" ? ipBlock(one) : { identity: one.identity };
}

type Numbered = Extract<Traffic, { first: number }>;

const isPorts = ({ protocol, first, last }: Numbered) => protocol in PROTOCOLS && !(first === 0 && last === 65535);

function portText(one: Traffic): object {
  const protocol = PROTOCOLS[one.protocol as number];
  if ("name" in one) return { protocol, port: one.name };
  return { protocol, port: one.first, ...(one.last > one.first && { endPort: one.last }) };
}

function protocolText({ protocol, first, last }: Numbered): number | object {
  if (first === 0 && last === 65535) return protocol;
  const type = first >> 8;
  return first === last ? { protocol, type, code: first & 255 } : { protocol, type };
}
