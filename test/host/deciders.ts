/** The same flow, decided by the TypeScript and by the compiled filters. */
import { Sha256 } from "../../assembly/crypto/sha256.ts";
import { Admission } from "../../assembly/decide/admission.ts";
import { Expectation, Image } from "../../assembly/decide/image.ts";
import { ImageFault } from "../../assembly/decide/image-check.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { verdictName } from "../../assembly/decide/verdict-name.ts";
import { Audit, NONE, Role } from "../../assembly/wire/image.ts";
import { parseAddress } from "../../controller/model/address.ts";
import { hexId } from "../../controller/model/hex.ts";
import type { Stream } from "./context.ts";
import { FakeEndpointProxy, FakeGatewayProxy, type FakeProxy } from "./fake-proxy.ts";
import { type Flow, roleAt } from "./flow.ts";
import { shopWith } from "./shop.ts";
import { fromLatin1, toLatin1 } from "./vectors.ts";

export interface Answer {
  /** As `verdictName` spells it, and what audited policies would have made of it: `allow, would deny`. */
  readonly verdict: string;
  /** Held for a newer image before it was refused. */
  readonly waits: boolean;
  /** Where an allowed flow goes next: `direct`, a cluster, `address identity`, or the app's address. */
  readonly next?: string;
  /** The stamp that it takes there. */
  readonly stamp?: string;
}

export interface Decider {
  readonly name: "TypeScript" | "Wasm";
  /** Decides flows one after the other at one node, with the first one's image. */
  decide(flows: readonly Flow[]): Answer[];
}

export const deciders: readonly Decider[] = [
  { name: "TypeScript", decide: decideNatively },
  { name: "Wasm", decide: (flows) => decideInWasm(flows) },
];

export function decideNatively(flows: readonly Flow[]): Answer[] {
  const [first] = flows as [Flow];
  const { id } = shopWith().node(first.node);
  const image = new Image();
  if (first.image !== undefined) openImage(image, first.image, first);
  const admission = new Admission(image, new DataView(id.buffer, id.byteOffset, 8));
  return flows.map((flow) => decideOne(admission, flow));
}

/** Opens it as the node's filter would. */
function openImage(image: Image, bytes: Uint8Array, { node, imageTakenAt }: Flow): void {
  const fault = image.open(bytes, bytes.length, expectation(node), new Sha256(), imageTakenAt);
  if (fault !== ImageFault.None) throw new Error(`the image of ${node} was refused: ${ImageFault[fault]}`);
}

/** Whose image a node of the shop takes. */
export function expectation(name: string): Expectation {
  const want = new Expectation();
  const node = shopWith().node(name);
  want.node = new DataView(node.id.buffer, node.id.byteOffset, 8);
  want.overlay = shopWith().policy.overlay.id;
  want.role = "gateway" in node ? Role.Gateway : Role.Endpoint;
  return want;
}

function decideOne(admission: Admission, flow: Flow): Answer {
  fillFacts(admission, flow);
  const verdict =
    flow.place === "outbound"
      ? admission.outbound()
      : flow.place === "delivery"
        ? admission.delivery()
        : admission.transit();
  const waits = flow.place !== "outbound" && admission.outcome.worthWaiting;
  const isPolicy = [Verdict.Allow, Verdict.PolicyEgress, Verdict.PolicyIngress].includes(verdict);
  const said = verdictName(verdict) + (isPolicy ? WOULD[admission.outcome.audit] : "");
  return { verdict: said, waits, ...(verdict === Verdict.Allow && enacted(admission, flow)) };
}

function fillFacts({ facts }: Admission, { now, authority, stamps, peer }: Flow): void {
  facts.now = now;
  facts.authorityLength = fill(facts.authority, authority);
  facts.headerLength = stamps.length > 1 ? TOO_LONG : fill(facts.header, stamps[0]);
  if (facts.headerLength === TOO_LONG) facts.headerLength = facts.header.length;
  facts.peerIdentityLength = fill(facts.peerIdentity, peer.identity);
  const host = peer.address.slice(0, peer.address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  facts.peerAddress.set(parseAddress(host) as Uint8Array);
}

const WOULD = {
  [Audit.None]: "",
  [Audit.Deny]: ", would deny",
  [Audit.Allow]: ", would allow",
  [Audit.Path]: ", would reroute",
};

const TOO_LONG = -2;

function fill(to: Uint8Array, text: string | undefined): number {
  if (text === undefined) return -1;
  if (text.length > to.length) return TOO_LONG;
  to.set(fromLatin1(text));
  return text.length;
}

/** What the filter would tell its proxy. */
function enacted(admission: Admission, { place, authority }: Flow): Pick<Answer, "next" | "stamp"> {
  const { outcome } = admission;
  if (outcome.direct) return { next: "direct" };
  if (place === "delivery") return { next: authority as string };
  const stamp = toLatin1(outcome.header);
  if (outcome.nextGateway !== NONE) return { next: `gateway-${hexId(admission.audienceNode())}`, stamp };
  const identity = toLatin1(outcome.identity.subarray(0, outcome.identityLength));
  return { next: `${authority?.slice(0, admission.to.hostLength)}:15042 ${identity}`, stamp };
}

/** Decides by the filters of `endpoint.wasm` and `gateway.wasm`, or of the module given. */
export function decideInWasm(flows: readonly Flow[], module?: WebAssembly.Module): Answer[] {
  const [first] = flows as [Flow];
  const role = roleAt(first.place);
  const proxy = role === "gate" ? new FakeGatewayProxy({}, module) : new FakeEndpointProxy({}, module);
  proxy.nowMs = first.imageTakenAt * 1000;
  proxy.configure(shopWith().configuration(first.node, role));
  proxy.tick(0);
  proxy.tick();
  if (first.image !== undefined) proxy.answerPoll(first.image);
  if (first.image !== undefined && proxy.counter("sallyport.image.accepted") === 0)
    throw new Error(`image refused: ${proxy.logs}`);
  return flows.map((flow) => {
    // Time only goes on: waiting for one that was held took some.
    proxy.nowMs = Math.max(proxy.nowMs, flow.now * 1000);
    return role === "stamp" ? connect(proxy as FakeEndpointProxy, flow) : request(proxy, flow);
  });
}

function connect(proxy: FakeEndpointProxy, { authority, peer }: Flow): Answer {
  const { stream, verdict } = observed(proxy, "stamp", () =>
    proxy.openConnection({ source: peer.address, destination: authority }),
  );
  if (!stream.wasContinued) return { verdict, waits: false };
  const cluster = stream.filterState.get("wasm.sallyport_cluster") as string;
  if (stream.filterState.get("wasm.sallyport_direct") === "true")
    return { verdict: "allow", waits: false, next: "direct" };
  return { verdict, waits: false, next: cluster, stamp: stream.filterState.get("wasm.sallyport_stamp") as string };
}

function request(proxy: FakeProxy, { place, authority, stamps, peer }: Flow): Answer {
  let waits = false;
  const { stream, verdict } = observed(proxy, roleAt(place), () => {
    const begun = proxy.request({ authority, stamp: stamps, peer });
    waits = begun.state === "paused";
    // Longer than any flow is held, and so that its refusal is on the books.
    if (waits) proxy.tick(1200);
    return begun;
  });
  if (!stream.wasContinued) return { verdict, waits };
  const state = (name: string) => stream.filterState.get(`wasm.sallyport_${name}`);
  const next = state("cluster") ?? [state("hop"), state("identity")].filter((part) => part !== undefined).join(" ");
  const stamp = stream.header("sallyport-stamp");
  return { verdict, waits, next, ...(stamp === undefined ? {} : { stamp }) };
}

/** The verdict that was counted, or what else was counted instead. */
function observed(proxy: FakeProxy, role: string, act: () => Stream): { stream: Stream; verdict: string } {
  let stream: Stream | undefined;
  const changes = proxy.changes(() => {
    stream = act();
  });
  const about = [...changes].filter(([name]) => name.startsWith(`sallyport.${role}.`));
  const audits = about.flatMap(([name]) => name.split(".audit-").slice(1));
  const verdict = about
    .filter(([name]) => !name.includes(".audit-"))
    .map(([name, count]) => name.slice(`sallyport.${role}.`.length) + (count === 1 ? "" : ` x ${count}`))
    .join();
  return { stream: stream as Stream, verdict: [verdict, ...audits.map((audit) => `would ${audit}`)].join(", ") };
}
