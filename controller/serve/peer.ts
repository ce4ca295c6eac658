/** Who is at the other end of a TLS connection whose certificate the handshake has verified. */
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { formatAddress, parseAddress } from "../model/address.ts";

export interface Peer {
  /** SPIFFE id: the only name in the certificate. */
  readonly identity: string;
  /** Canonical text. */
  readonly address: string;
  /** Validity of the certificate, milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Characters of a SPIFFE id, as its standard has them; so no other name can hide in it. */
const ONLY_NAME = /^URI:(spiffe:\/\/[a-z0-9._-]+\/[A-Za-z0-9._/-]+)$/;

/** Undefined when the certificate names nobody, or more than one. */
export function peerOf(socket: TLSSocket): Peer | undefined {
  const certificate = socket.getPeerX509Certificate();
  const identity = certificate === undefined ? undefined : identityOf(certificate);
  const address = canonicalAddress(socket.remoteAddress ?? "");
  if (certificate === undefined || identity === undefined || address === undefined) return undefined;
  const notBefore = Date.parse(certificate.validFrom);
  return { identity, address, notBefore, notAfter: Date.parse(certificate.validTo) };
}

/** Its SPIFFE id, if that is the only name that it has. */
export function identityOf({ subjectAltName }: X509Certificate): string | undefined {
  return ONLY_NAME.exec(subjectAltName ?? "")?.[1];
}

/** A socket that serves both families spells IPv4 peers as ::ffff:a.b.c.d. */
function canonicalAddress(text: string): string | undefined {
  const bytes = parseAddress(text.replace(/^::ffff:(?=[0-9.]+$)/i, ""));
  return bytes === undefined ? undefined : formatAddress(bytes);
}
