/** An HTTP/2 server that knows its peers: TLS 1.3, client certificates required, certificates replaced at run time. */
import { constants as crypto } from "node:crypto";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Issued } from "./authority.ts";
import { type Peer, peerOf } from "./peer.ts";

/** `peer` is undefined when the certificate does not name exactly one SPIFFE id. */
export type Receive = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: Peer | undefined) => void;

const HANDSHAKE_MS = 10_000;

export class ControlServer {
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Map<Http2Session, Peer | undefined>();

  /** A connection on which nothing happens for `idleMs` is closed. */
  constructor(certificate: Issued, idleMs: number, receive: Receive) {
    this.#server = createSecureServer({ ...SETTINGS, ...secureContext(certificate) });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("session", (session) => this.#opened(session, idleMs));
    this.#server.on("stream", (stream, headers) => {
      // What matters about a broken stream is that it closes.
      stream.on("error", () => {});
      receive(stream, headers, stream.session === undefined ? undefined : this.#sessions.get(stream.session));
    });
    // A peer that fails the handshake or breaks the protocol has lost its connection; there is nobody to tell.
    this.#server.on("sessionError", () => {});
    this.#server.on("tlsClientError", () => {});
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Without a host on all addresses. Port 0 takes a free one; the answer is the port that was taken. */
  listen(host: string | undefined, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Shows another certificate on connections from now on. */
  renew(certificate: Issued): void {
    this.#server.setSecureContext(secureContext(certificate));
  }

  /** Ends all connections at once, those in the middle of their handshake too. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions.keys()) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #opened(session: Http2Session, idleMs: number): void {
    this.#sessions.set(session, peerOf(session.socket as TLSSocket));
    session.on("close", () => this.#sessions.delete(session));
    session.on("error", () => {});
    session.setTimeout(idleMs, () => session.destroy());
  }
}

const SETTINGS = {
  requestCert: true,
  rejectUnauthorized: true,
  ALPNProtocols: ["h2"],
  allowHTTP1: false,
  handshakeTimeout: HANDSHAKE_MS,
  unknownProtocolTimeout: HANDSHAKE_MS,
  maxHeaderListPairs: 32,
  settings: { enablePush: false, maxConcurrentStreams: 256, maxHeaderListSize: 8192 },
};

function secureContext(certificate: Issued) {
  return {
    cert: certificate.certificate,
    key: certificate.key,
    ca: certificate.root,
    minVersion: "TLSv1.3" as const,
    // A resumed session would outlive the certificate that opened it.
    secureOptions: crypto.SSL_OP_NO_TICKET,
  };
}
