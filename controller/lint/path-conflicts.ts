import { isInside, parseAddress, parseBlock } from "../model/address.ts";
import { isIdentity } from "../model/identity.ts";
import { IP_PROTOCOLS } from "../model/protocols.ts";
import type { Member } from "../model/resources.ts";
import type { FlowPeer, FlowPolicy, Subject, Traffic } from "../model/tiers.ts";
import { type Facts, nameOf } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Of each pair of policies so many sources and destinations are looked at: one example is enough to be told. */
const EXAMPLES = 200;

/** FlowPolicies of a flow's two sides that send it by different gateways: it can't pass both, so it is denied. */
export function pathConflicts(facts: Facts): Finding[] {
  const named = facts.world.flowPolicies.filter(({ via, action }) => via !== undefined && action === "Allow");
  const leaving = named.filter(({ directions }) => directions.includes("egress"));
  const arriving = named.filter(({ directions }) => directions.includes("ingress"));
  return leaving.flatMap((egress) =>
    arriving.flatMap((ingress) => {
      const isSameWay = egress.via?.join() === ingress.via?.join();
      const isApart = egress.overlay !== ingress.overlay || egress.enforcement !== ingress.enforcement;
      const example = isSameWay || isApart ? undefined : flowOfBoth(facts, egress, ingress);
      return example === undefined ? [] : [finding(egress, ingress, example)];
    }),
  );
}

function finding(egress: FlowPolicy, ingress: FlowPolicy, [from, to]: readonly [Member, Member]): Finding {
  const way = ({ via = [] }: FlowPolicy) => `[${via.join(", ")}]`;
  const message = `sends flows from ${nameOf(from)} to ${nameOf(to)} by ${way(egress)}, but FlowPolicy ${ingress.name} by ${way(ingress)}: flows that both allow are denied; give both the same gateways`;
  return { code: "path-conflict", severity: "warning", origin: egress.origin, path: ["spec", "via"], message };
}

/** A source and a destination of which both policies allow something in common. */
function flowOfBoth(facts: Facts, egress: FlowPolicy, ingress: FlowPolicy): readonly [Member, Member] | undefined {
  const sources = membersOf(facts, egress.subject).filter((member) => isPeer(facts, ingress.peers, member));
  const targets = membersOf(facts, ingress.subject).filter((member) => isPeer(facts, egress.peers, member));
  for (const from of sources.slice(0, EXAMPLES)) {
    for (const to of targets.slice(0, EXAMPLES)) {
      if (from !== to && isShared(egress.traffic, ingress.traffic, to)) return [from, to];
    }
  }
  return undefined;
}

function membersOf(facts: Facts, { namespaceSelector: namespaces, podSelector: pods }: Subject): readonly Member[] {
  return facts.membersOf({ namespaces, pods });
}

function isPeer(facts: Facts, peers: readonly FlowPeer[] | undefined, member: Member): boolean {
  return peers?.some((peer) => matches(facts, peer, member)) ?? true;
}

function matches(facts: Facts, peer: FlowPeer, member: Member): boolean {
  if (peer.kind === "pods") return membersOf(facts, peer).includes(member);
  if (peer.kind === "identity") return isIdentity(peer.identity, member.identity);
  return member.addresses.some((text) => isIn(text, peer.cidr) && !peer.except.some((hole) => isIn(text, hole)));
}

function isIn(text: string, cidr: string): boolean {
  const [address, block] = [parseAddress(text), parseBlock(cidr)];
  return address !== undefined && block !== undefined && isInside(address, block);
}

function isShared(a: readonly Traffic[] | undefined, b: readonly Traffic[] | undefined, to: Member): boolean {
  const [some, others] = [rangesOf(a, to), rangesOf(b, to)];
  return some.some((one) => others.some((other) => one[0] <= other[1] && other[0] <= one[1]));
}

/** Keys `protocol << 16 | port`, first and last. */
function rangesOf(traffic: readonly Traffic[] | undefined, to: Member): (readonly [number, number])[] {
  if (traffic === undefined) return [[0, 0xffffff]];
  return traffic.flatMap((one) => {
    if (!("name" in one)) return [[(one.protocol << 16) | one.first, (one.protocol << 16) | one.last] as const];
    const ports = to.ports.filter(({ name }) => name === one.name);
    const keys = ports.map(({ protocol, port }) => (IP_PROTOCOLS[protocol] << 16) | port);
    return keys.filter((key) => (one.protocol ?? key >>> 16) === key >>> 16).map((key) => [key, key] as const);
  });
}
