/** A node's side of the image service, for tests: real TLS, real HTTP/2. */
import { once } from "node:events";
import { type ClientHttp2Session, connect, constants as http2 } from "node:http2";
import { connect as tlsConnect } from "node:tls";
import type { Issued } from "../../controller/serve/authority.ts";

export interface Answer {
  /** 0: the stream ended without an answer. */
  readonly status: number;
  readonly generation: string | undefined;
  readonly body: Buffer;
}

export class ImageClient {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
  }

  static async connect(
    port: number,
    root: string,
    own: Issued,
    localAddress = "127.0.0.1",
    host = "127.0.0.1",
  ): Promise<ImageClient> {
    const credentials = { ca: root, cert: own.certificate, key: own.key };
    // Node would check a host name; the server has a SPIFFE id, which a test of its own covers.
    const checkServerIdentity = () => undefined;
    const options = { host, port, localAddress, ALPNProtocols: ["h2"], checkServerIdentity, ...credentials };
    const session = connect(`https://${host}:${port}`, { createConnection: () => tlsConnect(options) });
    session.on("error", () => {});
    await once(session, "remoteSettings");
    return new ImageClient(session);
  }

  get(path: string, extra: Record<string, string> = {}): Promise<Answer> {
    const stream = this.session.request({ ":path": path, ...extra });
    const chunks: Buffer[] = [];
    let status = 0;
    let generation: string | undefined;
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
      generation = headers["sallyport-generation"] as string | undefined;
    });
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("error", () => {});
    return new Promise((resolve) =>
      stream.on("close", () => resolve({ status, generation, body: Buffer.concat(chunks) })),
    );
  }

  /** Starts a poll and gives it up. */
  async abandon(path: string): Promise<void> {
    const stream = this.session.request({ ":path": path });
    stream.on("error", () => {});
    const closed = once(stream, "close");
    // The answer to a ping proves that the server has read what came before it.
    await new Promise((resolve) => this.session.ping(resolve));
    stream.close(http2.NGHTTP2_CANCEL);
    await closed;
  }

  close(): void {
    this.session.destroy();
  }
}

export function pollPath(node: string, have: bigint | number | string = 0, worker = "a"): string {
  return `/v1/nodes/${node}/image?have=${have}&worker=${worker}`;
}
