import type { CompiledEndpoint, CompiledPolicy } from "../compile/compiled.ts";
import { familyOf, formatAddress, parseAddress } from "../model/address.ts";
import { IP_PROTOCOLS } from "../model/protocols.ts";
import type { OverlayEndpoint, Protocol } from "../model/resources.ts";

/** May this flow pass? */
export interface Question {
  /** The overlay that answers: the source's, else the destination's. */
  readonly policy: CompiledPolicy;
  readonly from: Party;
  readonly to: Party;
  readonly port: FlowPort;
}

export interface Party {
  /** `namespace/name`, or the address of an outsider. */
  readonly name: string;
  /** The address that the flow uses, canonical. */
  readonly address: string;
  /** Undefined: an outsider to the overlay that answers. */
  readonly member: CompiledEndpoint | undefined;
  /** The overlay that the party belongs to, whichever answers. */
  readonly overlay: string | undefined;
}

export interface FlowPort {
  readonly protocol: Protocol;
  readonly number: number;
  /** As asked for, if by name. */
  readonly name?: string;
}

/** What can't be asked: what is wrong and what to do. */
export interface Problem {
  readonly problem: string;
}

/** `suggest` completes a message about a name that isn't there with one that is, or nothing. */
export type Suggest = (name: string, known: readonly string[]) => string;

export interface Asked {
  readonly from: string;
  readonly to: string;
  readonly port: string;
}

/** Finds what the texts of a question mean in these overlays. */
export function decodeQuestion(
  asked: Asked,
  policies: readonly CompiledPolicy[],
  suggest: Suggest,
): Question | Problem {
  const from = findParty(asked.from, policies, suggest);
  if ("problem" in from) return from;
  const to = findParty(asked.to, policies, suggest);
  if ("problem" in to) return to;
  const policy = from.policy ?? to.policy;
  if (policy === undefined)
    return { problem: `neither ${asked.from} nor ${asked.to} is an endpoint of an overlay: nothing is decided here` };
  const addresses = commonFamily(from, to);
  if (addresses === undefined)
    return { problem: `${from.name} and ${to.name} have no addresses of one family: no flow can go between them` };
  const port = decodePort(asked.port, to, suggest);
  if ("problem" in port) return port;
  return { policy, from: party(from, addresses.from, policy), to: party(to, addresses.to, policy), port };
}

interface Member {
  readonly policy: CompiledPolicy;
  readonly member: CompiledEndpoint;
}

/** Where a text leads: a member of some overlay, or an outsider. */
export interface Found {
  readonly name: string;
  /** Candidates, the first is preferred. */
  readonly addresses: readonly string[];
  readonly policy?: CompiledPolicy;
  readonly member?: CompiledEndpoint;
}

/** The member with a name or an address, or an outsider. */
export function findParty(text: string, policies: readonly CompiledPolicy[], suggest: Suggest): Found | Problem {
  const address = parseAddress(text);
  const members = policies.flatMap((policy) => policy.endpoints.map((member) => ({ policy, member })));
  if (address !== undefined) return byAddress(formatAddress(address), members);
  const named = members.filter(({ member: { endpoint } }) => nameOf(endpoint) === text || endpoint.name === text);
  const [first] = named;
  if (first === undefined) return { problem: `there is no endpoint ${text}${suggestion(text, members, suggest)}` };
  if (named.length > 1)
    return {
      problem: `${text} could be ${named.map(({ member }) => nameOf(member.endpoint)).join(" or ")}: say which`,
    };
  return { name: nameOf(first.member.endpoint), addresses: first.member.endpoint.addresses, ...first };
}

/** Names with and without the namespace, as the text has it. */
function suggestion(text: string, members: readonly Member[], suggest: Suggest): string {
  const names = members.map(({ member: { endpoint } }) => (text.includes("/") ? nameOf(endpoint) : endpoint.name));
  return suggest(text, names) || "; write namespace/name of a pod or an OverlayEndpoint, or an IP address";
}

function byAddress(address: string, members: readonly Member[]): Found {
  const holder = members.find(({ member }) => member.endpoint.addresses.includes(address));
  if (holder === undefined) return { name: address, addresses: [address] };
  return { name: nameOf(holder.member.endpoint), addresses: [address], ...holder };
}

/** Addresses of one family that a flow would use. */
export function commonFamily(from: Found, to: Found): { from: string; to: string } | undefined {
  for (const target of to.addresses) {
    const source = from.addresses.find((address) => family(address) === family(target));
    if (source !== undefined) return { from: source, to: target };
  }
  return undefined;
}

function party({ name, policy, member }: Found, address: string, answering: CompiledPolicy): Party {
  return { name, address, member: policy === answering ? member : undefined, overlay: policy?.overlay.name };
}

const PROTOCOLS: readonly Protocol[] = ["TCP", "UDP", "SCTP"];

const OTHERS = new Set(Object.keys(IP_PROTOCOLS).map((name) => name.toUpperCase()));
for (const protocol of PROTOCOLS) OTHERS.delete(protocol);

/** `8080`, `8080/tcp`, `TCP/8080`, or the name of a port of the destination. */
export function decodePort(text: string, to: Found, suggest: Suggest): FlowPort | Problem {
  const parts = text.split("/");
  const protocol = PROTOCOLS.find((known) => parts.some((part) => part.toUpperCase() === known));
  const rest = parts.filter((part) => part.toUpperCase() !== protocol);
  const [port] = rest;
  const other = parts.find((part) => OTHERS.has(part.toUpperCase()));
  if (other !== undefined && !to.member?.endpoint.ports.some(({ name }) => name === text))
    return { problem: `${other} can't be asked about, only TCP, UDP and SCTP; sallyport diff compares every protocol` };
  if (port === undefined || rest.length > 1 || parts.length > 2)
    return { problem: `${text} is not a port: write 8080, 8080/tcp or the name of a port` };
  if (/^[0-9]+$/.test(port)) return numbered(Number(port), protocol ?? "TCP", text);
  const ports = to.member?.endpoint.ports ?? [];
  const named = ports.find(({ name, protocol: its }) => name === port && (protocol ?? its) === its);
  if (named !== undefined) return { protocol: named.protocol, number: named.port, name: port };
  return {
    problem: `${to.name} has no port named ${port}${suggest(
      port,
      ports.map(({ name }) => name),
    )}`,
  };
}

function numbered(number: number, protocol: Protocol, text: string): FlowPort | Problem {
  if (number >= 1 && number <= 65535) return { protocol, number };
  return { problem: `${text} is not a port: ports are 1 to 65535` };
}

const family = (address: string) => familyOf(parseAddress(address) as Uint8Array);
const nameOf = ({ namespace, name }: OverlayEndpoint) => `${namespace}/${name}`;
