import { Admission, Facts } from "../decide/admission.ts";
import { ascii, header, HeaderMap, nowNanoseconds, property } from "../host/proxy.ts";
import { Destination } from "../wire/destination.ts";

export const STAMP_HEADER: Uint8Array = ascii("sallyport-stamp");
const METHOD: Uint8Array = ascii(":method");
const AUTHORITY: Uint8Array = ascii(":authority");
const CONNECT: Uint8Array = ascii("CONNECT");
const PEER_ADDRESS: Uint8Array = ascii("source\0address");
const LOCAL_ADDRESS: Uint8Array = ascii("destination\0address");
const PEER_IDENTITY: Uint8Array = ascii("connection\0uri_san_peer_certificate");

const method: Uint8Array = new Uint8Array(16);
const addressText: Uint8Array = new Uint8Array(64);
const peer: Destination = new Destination();

/** Facts of an app's connection: where it comes from and where it wanted to go. False: the proxy didn't say. */
export function readConnection(admission: Admission): bool {
  const facts = admission.facts;
  facts.now = now();
  facts.authorityLength = property(LOCAL_ADDRESS, facts.authority);
  return facts.authorityLength > 0 && readPeerAddress(facts);
}

/** Facts of a CONNECT: what it asks for, what it shows, and who the TLS peer is. */
export function readRequest(admission: Admission): bool {
  const facts = admission.facts;
  facts.now = now();
  facts.authorityLength = header(HeaderMap.Request, AUTHORITY, facts.authority);
  facts.headerLength = header(HeaderMap.Request, STAMP_HEADER, facts.header);
  // Empty and absent are told apart where the host does; one too long has a length that no stamp has.
  if (facts.headerLength == -2) facts.headerLength = facts.header.length;
  facts.peerIdentityLength = property(PEER_IDENTITY, facts.peerIdentity);
  return readPeerAddress(facts);
}

export function isConnect(): bool {
  if (header(HeaderMap.Request, METHOD, method) != CONNECT.length) return false;
  for (let i = 0; i < CONNECT.length; i++) if (method[i] != CONNECT[i]) return false;
  return true;
}

function readPeerAddress(facts: Facts): bool {
  const length = property(PEER_ADDRESS, addressText);
  if (length < 0 || !peer.decode(addressText, 0, length)) return false;
  for (let i = 0; i < 16; i++) facts.peerAddress[i] = peer.address[i];
  return true;
}

function now(): u32 {
  return (nowNanoseconds() / 1000000000) as u32;
}
