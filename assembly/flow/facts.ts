import { Admission, Facts } from "../decide/admission.ts";
import { ascii, nowNanoseconds, property } from "../host/proxy.ts";
import { Destination } from "../wire/destination.ts";
import { RequestHeaders } from "./request-headers.ts";

/** Headers of the request in front of us; `read` them first. */
export const requestHeaders: RequestHeaders = new RequestHeaders();
const PEER_ADDRESS: Uint8Array = ascii("source\0address");
const LOCAL_ADDRESS: Uint8Array = ascii("destination\0address");
const PEER_IDENTITY: Uint8Array = ascii("connection\0uri_san_peer_certificate");

const addressText: Uint8Array = new Uint8Array(64);
const peer: Destination = new Destination();

/** Facts of an app's connection: where it comes from and where it wanted to go. False: the proxy didn't say. */
export function readConnection(admission: Admission): bool {
  const facts = admission.facts;
  facts.now = now();
  facts.authorityLength = property(LOCAL_ADDRESS, facts.authority);
  return readPeerAddress(facts) && facts.authorityLength > 0;
}

/** Facts of a CONNECT: what it asks for, what it shows, and who the TLS peer is. */
export function readRequest(admission: Admission): bool {
  const facts = admission.facts;
  facts.now = now();
  facts.authorityLength = requestHeaders.copyAuthority(facts.authority);
  facts.headerLength = requestHeaders.copyStamp(facts.header);
  facts.peerIdentityLength = property(PEER_IDENTITY, facts.peerIdentity);
  return readPeerAddress(facts);
}

/** All zeros where there is none: what an earlier flow left there is nobody else's. */
function readPeerAddress(facts: Facts): bool {
  const length = property(PEER_ADDRESS, addressText);
  const known = length >= 0 && peer.decode(addressText, 0, length);
  for (let i = 0; i < 16; i++) facts.peerAddress[i] = known ? peer.address[i] : 0;
  return known;
}

function now(): u32 {
  return (nowNanoseconds() / 1000000000) as u32;
}
