/**
 * NetworkPolicy v1 evaluated pod by pod, straight from the Kubernetes documentation, with nothing shared and nothing
 * precomputed: slow and obvious. It has its own label and address matching, so that it can't share a bug with compile.
 */
import type {
  NetworkPolicy,
  OverlayEndpoint,
  Peer,
  PolicyPort,
  PolicyRule,
  Selector,
  World,
} from "../../controller/model/resources.ts";

export interface Flow {
  /** Addresses, canonical text. */
  readonly from: string;
  readonly to: string;
  /** IP protocol number. */
  readonly protocol: number;
  readonly port: number;
}

export interface SideAnswer {
  readonly allowed: boolean;
  readonly rule: string;
}

/** What the source's side says: the policies of the source endpoint that have egress rules. */
export function egressAnswer(world: World, flow: Flow): SideAnswer {
  return side(world, flow, "egress");
}

/** What the destination's side says: the policies of the destination endpoint that have ingress rules. */
export function ingressAnswer(world: World, flow: Flow): SideAnswer {
  return side(world, flow, "ingress");
}

function side(world: World, flow: Flow, direction: "ingress" | "egress"): SideAnswer {
  const source = memberAt(world, flow.from);
  const destination = memberAt(world, flow.to);
  const [subject, peer] = direction === "egress" ? [source, destination] : [destination, source];
  // Policies select pods; an outsider has none, and two outsiders are nobody's business.
  if (subject === undefined) return { allowed: peer !== undefined, rule: "outside the overlay" };
  const isolating = [...world.policies]
    .filter((policy) => policy[direction] !== undefined && selects(policy, subject))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  if (isolating.length === 0) {
    const open = world.overlays[0]?.isolation === "Kubernetes";
    return { allowed: open, rule: open ? "default allow" : "default deny" };
  }
  const peerAddress = direction === "egress" ? flow.to : flow.from;
  for (const policy of isolating) {
    for (const rule of policy[direction] ?? []) {
      const covered = coversPeer(world, policy, rule, peer, peerAddress) && coversPort(rule, flow, destination);
      if (covered) return { allowed: true, rule: `${nameOf(policy)} ${direction}[${rule.index}]` };
    }
  }
  return { allowed: false, rule: nameOf(isolating[0] as NetworkPolicy) };
}

/**
 * The endpoint of the world's overlay that has an address. Who is in another overlay or in none is an outsider, and so is
 * one with an address that an unreadable object has, too.
 */
export function memberAt({ overlays, endpoints, closed }: World, address: string): OverlayEndpoint | undefined {
  const found = endpoints.find((one) => one.overlay === overlays[0]?.name && one.addresses.includes(address));
  return found?.addresses.some((one) => closed.includes(one)) ? undefined : found;
}

/** One that nobody declares has the label that every namespace has. */
export function namespaceLabels(world: World, name: string): Readonly<Record<string, string>> {
  return world.namespaces.find((one) => one.name === name)?.labels ?? { "kubernetes.io/metadata.name": name };
}

function selects(policy: NetworkPolicy, endpoint: OverlayEndpoint): boolean {
  return policy.namespace === endpoint.namespace && matches(policy.podSelector, endpoint.labels);
}

/** "If this field is empty or missing, this rule matches all sources." */
function coversPeer(
  world: World,
  policy: NetworkPolicy,
  rule: PolicyRule,
  endpoint: OverlayEndpoint | undefined,
  address: string,
): boolean {
  if (rule.peers === undefined) return true;
  return rule.peers.some((peer) => isPeer(world, policy, peer, endpoint, address));
}

function isPeer(
  world: World,
  policy: NetworkPolicy,
  peer: Peer,
  endpoint: OverlayEndpoint | undefined,
  address: string,
): boolean {
  if (peer.kind === "block") return inside(address, peer.cidr) && !peer.except.some((hole) => inside(address, hole));
  if (endpoint === undefined) return false;
  const labels = namespaceLabels(world, endpoint.namespace);
  const rightNamespace =
    peer.namespaceSelector === undefined
      ? endpoint.namespace === policy.namespace
      : matches(peer.namespaceSelector, labels);
  return rightNamespace && matches(peer.podSelector, endpoint.labels);
}

/** "If this field is empty or missing, this rule matches all ports." */
function coversPort(rule: PolicyRule, flow: Flow, destination: OverlayEndpoint | undefined): boolean {
  return rule.ports === undefined || rule.ports.some((port) => isPort(port, flow, destination));
}

function isPort(
  { protocol, port, endPort }: PolicyPort,
  flow: Flow,
  destination: OverlayEndpoint | undefined,
): boolean {
  const number = { TCP: 6, UDP: 17, SCTP: 132 }[protocol];
  if (number !== flow.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === "number") return flow.port >= port && flow.port <= (endPort ?? port);
  return destination?.ports.find((one) => one.name === port && one.protocol === protocol)?.port === flow.port;
}

export function matches({ requirements }: Selector, labels: Readonly<Record<string, string>>): boolean {
  for (const { key, operator, values } of requirements) {
    const present = key in labels;
    const among = present && values.indexOf(labels[key] as string) >= 0;
    if (operator === "In" && !among) return false;
    if (operator === "NotIn" && among) return false;
    if (operator === "Exists" && !present) return false;
    if (operator === "DoesNotExist" && present) return false;
  }
  return true;
}

/** Compares bit strings. */
export function inside(address: string, cidr: string): boolean {
  const [first, length] = cidr.split("/") as [string, string];
  if (address.includes(":") !== first.includes(":")) return false;
  return known(address).slice(0, Number(length)) === known(first).slice(0, Number(length));
}

const bitStrings = new Map<string, string>();

function known(address: string): string {
  const text = bitStrings.get(address) ?? bits(address);
  bitStrings.set(address, text);
  return text;
}

function bits(address: string): string {
  if (!address.includes(":"))
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined) => (text ? text.split(":") : []);
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = tail === undefined ? groups(head) : [...groups(head), ...Array(missing).fill("0"), ...groups(tail)];
  return all.map((group) => parseInt(group, 16).toString(2).padStart(16, "0")).join("");
}

function nameOf({ namespace, name }: NetworkPolicy): string {
  return `NetworkPolicy ${namespace}/${name}`;
}
