import type { Admission } from "../../assembly/decide/admission.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { verdictName } from "../../assembly/decide/verdict-name.ts";
import { NONE } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway } from "../compile/compiled.ts";
import { parseAddress } from "../model/address.ts";
import { NOW, type Nodes } from "./node.ts";
import type { Party, Question } from "./question.ts";

/** A node that the flow came to, and what its filter says. */
export interface Hop {
  readonly node: string;
  readonly role: "endpoint" | "gateway";
  /** `allow`, or the name of the refusal. */
  readonly verdict: string;
}

export interface Trace {
  readonly hops: readonly Hop[];
  /** The last hop's verdict. */
  readonly verdict: Verdict;
  /** The flow leaves its endpoint as it is: the overlay has no part in it. */
  readonly direct: boolean;
}

/** What a hop sends on to the next: the TLS identity and address it shows there, and the stamp. */
interface Handover {
  readonly identity: string;
  readonly address: string;
  readonly header: Uint8Array;
}

/** Sends a TCP flow from a member through the filters' own code, hop by hop with real stamps, until it arrives or is refused. */
export function trace(nodes: Nodes, { from, to, port }: Question, source: CompiledEndpoint): Trace {
  const { gateways, endpoints } = nodes.policy;
  const destination = endpoints.find((endpoint) => endpoint === to.member);
  const hops: Hop[] = [];
  const decide = (node: CompiledEndpoint | CompiledGateway, place: Place, peer: Handover) => {
    const { admission } = nodes.node(node);
    ask(admission, to, port.number, peer);
    const verdict = admission[place]();
    const role = "gateway" in node ? "gateway" : "endpoint";
    hops.push({ node: "gateway" in node ? node.gateway.name : nameOf(node), role, verdict: verdictName(verdict) });
    return { verdict, outcome: admission.outcome };
  };

  let peer: Handover = { identity: "", address: from.address, header: new Uint8Array(0) };
  let { verdict, outcome } = decide(source, "outbound", peer);
  if (outcome.direct) return { hops, verdict, direct: true };
  peer = { identity: source.endpoint.identity, address: from.address, header: outcome.header };
  while (verdict === Verdict.Allow && outcome.nextGateway !== NONE) {
    const gateway = gateways[outcome.nextGateway] as CompiledGateway;
    ({ verdict, outcome } = decide(gateway, "transit", peer));
    peer = { identity: gateway.gateway.identity, address: replicaAddress(gateway), header: outcome.header };
  }
  if (verdict === Verdict.Allow && destination !== undefined) ({ verdict } = decide(destination, "delivery", peer));
  return { hops, verdict, direct: false };
}

type Place = "outbound" | "transit" | "delivery";

function ask({ facts }: Admission, to: Party, port: number, { identity, address, header }: Handover): void {
  const isIpv6 = to.address.includes(":");
  facts.now = NOW;
  facts.authorityLength = copy(isIpv6 ? `[${to.address}]:${port}` : `${to.address}:${port}`, facts.authority);
  facts.peerIdentityLength = identity === "" ? -1 : copy(identity, facts.peerIdentity);
  facts.peerAddress.set(parseAddress(address) ?? new Uint8Array(16));
  facts.headerLength = header.length === 0 ? -1 : header.length;
  facts.header.set(header);
}

/** Length of the ASCII text; longer ones are cut, and then no identity matches. */
function copy(text: string, to: Uint8Array): number {
  return new TextEncoder().encodeInto(text, to).written;
}

/** Of the first replica; empty where only DNS knows it. A gateway is known by its identity alone. */
function replicaAddress({ gateway }: CompiledGateway): string {
  const address = gateway.addresses[0] ?? "";
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

const nameOf = ({ endpoint }: CompiledEndpoint) => `${endpoint.namespace}/${endpoint.name}`;
