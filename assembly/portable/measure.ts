/**
 * Loops over many flows, to measure decisions without the cost of calling in. What is decided about is kept in this
 * module's memory beforehand.
 */
import { Sha256 } from "../crypto/sha256.ts";
import { Admission } from "../decide/admission.ts";
import { Expectation, Image, Side } from "../decide/image.ts";
import { Verdict } from "../decide/verdict.ts";
import { copyBytes } from "../wire/bytes.ts";
import { STAMP_HEADER_LENGTH } from "../wire/stamp.ts";

/** 16 bytes source address, 16 bytes destination address, u32 protocol << 16 | port, little-endian. */
const FLOW_LENGTH: i32 = 36;
/** 96 bytes header, 16 bytes peer address, u8 length of the authority, u8 of the identity, 62 and 128 bytes for them. */
const REQUEST_LENGTH: i32 = 304;
const PEER_AT: i32 = 96;
const AUTHORITY_LENGTH_AT: i32 = 112;
const IDENTITY_LENGTH_AT: i32 = 113;
const AUTHORITY_AT: i32 = 114;
const IDENTITY_AT: i32 = 176;

const image = new Image();
const want = new Expectation();
const node = new DataView(new ArrayBuffer(8));
let admission: Admission | null = null;
let flows = new DataView(new ArrayBuffer(0));
let requests = new Uint8Array(0);

/** Opens a node's image; an ImageFault. */
export function measureImage(bytes: Uint8Array, id: Uint8Array, overlay: u32, role: u32, now: u32): i32 {
  for (let i = 0; i < 8; i++) node.setUint8(i, id[i]);
  want.node = node;
  want.overlay = overlay;
  want.role = role;
  const fault = image.open(bytes.slice(), bytes.length, want, new Sha256(), now);
  const fresh = new Admission(image, node);
  fresh.facts.now = now;
  admission = fresh;
  return fault;
}

/** Keeps flows of 36 bytes each. */
export function keepFlows(bytes: Uint8Array): void {
  flows = new DataView(bytes.slice().buffer);
}

/** Decides kept flows both ways, from their addresses on; how many are allowed. */
export function decideFlows(first: i32, count: i32): i32 {
  let allowed = 0;
  for (let at = first * FLOW_LENGTH; at < (first + count) * FLOW_LENGTH; at += FLOW_LENGTH) {
    const source = image.classOf(flows, at);
    const destination = image.classOf(flows, at + 16);
    if (image.decide(source, destination, flows.getUint32(at + 32, true), Side.Both) == Verdict.Allow) allowed++;
  }
  return allowed;
}

/** Keeps CONNECT requests of 304 bytes each. */
export function keepRequests(bytes: Uint8Array): void {
  requests = bytes.slice();
}

/** Does for kept requests all that a gateway decides: stamp, tag, policy, path and the next stamp; how many pass. */
export function admitRequests(first: i32, count: i32): i32 {
  const gate = admission;
  if (gate === null) return 0;
  let allowed = 0;
  for (let at = first * REQUEST_LENGTH; at < (first + count) * REQUEST_LENGTH; at += REQUEST_LENGTH) {
    const facts = gate.facts;
    copyBytes(requests, at, facts.header, 0, STAMP_HEADER_LENGTH);
    facts.headerLength = STAMP_HEADER_LENGTH;
    copyBytes(requests, at + PEER_AT, facts.peerAddress, 0, 16);
    facts.authorityLength = requests[at + AUTHORITY_LENGTH_AT] as i32;
    copyBytes(requests, at + AUTHORITY_AT, facts.authority, 0, facts.authorityLength);
    facts.peerIdentityLength = requests[at + IDENTITY_LENGTH_AT] as i32;
    copyBytes(requests, at + IDENTITY_AT, facts.peerIdentity, 0, facts.peerIdentityLength);
    if (gate.transit() == Verdict.Allow) allowed++;
  }
  return allowed;
}
