/** What a rogue process in a node's namespace can do with everything that the node has: certificate, key and image. */
import { readFileSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { createConnection } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";

/** One attempt at a tunnel port, or past it. */
export interface Attack {
  /** Folder with `cert.pem`, `key.pem` and `ca.pem` of the node that is abused. */
  readonly tls: string;
  /** Shows no certificate at all. */
  readonly anonymous?: boolean;
  /** `ip:port` of the proxy that is attacked; none: a plain connection to `authority`. */
  readonly proxy?: string;
  /** What is asked for, `ip:port`. */
  readonly authority: string;
  readonly method?: string;
  /** Value of `sallyport-stamp`, sent as it is. */
  readonly stamp?: string | readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AttackResult {
  /** Bytes of the server arrived, or the proxy said yes. */
  readonly through: boolean;
  /** HTTP status, or what happened to the connection. */
  readonly saw: string;
}

const TIMEOUT_MS = 4000;

export function attack(wish: Attack): Promise<AttackResult> {
  return wish.proxy === undefined ? connectDirectly(wish.authority) : connectTunnel(wish, wish.proxy);
}

/** The node's own image, as the controller gives it to whoever has the node's certificate and address. */
export async function stealImage(tls: string, control: string, nodeId: string): Promise<Buffer> {
  const session = open(control, credentials(tls));
  try {
    const stream = session.request({ ":path": `/v1/nodes/${nodeId}/image?have=0&worker=0` });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    session.destroy();
  }
}

async function connectTunnel(wish: Attack, proxy: string): Promise<AttackResult> {
  const session = open(proxy, wish.anonymous ? {} : credentials(wish.tls));
  const failed = new Promise<AttackResult>((resolve) => {
    session.once("error", (error) => resolve({ through: false, saw: `connection refused: ${error.message}` }));
    session.once("close", () => resolve({ through: false, saw: "connection closed" }));
  });
  try {
    return await Promise.race([failed, request(session, wish)]);
  } finally {
    session.destroy();
  }
}

function request(session: ClientHttp2Session, wish: Attack): Promise<AttackResult> {
  const method = wish.method ?? "CONNECT";
  const headers: OutgoingHttpHeaders = { ":method": method, ":authority": wish.authority, ...wish.headers };
  if (method !== "CONNECT") Object.assign(headers, { ":scheme": "https", ":path": "/" });
  if (wish.stamp !== undefined) headers["sallyport-stamp"] = wish.stamp as string | string[];
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: false });
    stream.setTimeout(TIMEOUT_MS, () => resolve({ through: false, saw: "no answer" }));
    stream.once("response", (answer) =>
      resolve({ through: answer[":status"] === 200, saw: `status ${answer[":status"]}` }),
    );
    stream.once("error", (error) => resolve({ through: false, saw: error.message }));
    stream.once("close", () => resolve({ through: false, saw: "stream closed" }));
  });
}

function connectDirectly(authority: string): Promise<AttackResult> {
  const colon = authority.lastIndexOf(":");
  const socket = createConnection({
    host: authority.slice(0, colon),
    port: Number(authority.slice(colon + 1)),
    timeout: TIMEOUT_MS,
  });
  return new Promise((resolve) => {
    const end = (through: boolean, saw: string) => {
      socket.destroy();
      resolve({ through, saw });
    };
    socket.once("data", (data) => end(true, data.toString().trim()));
    socket.once("timeout", () => end(false, "no answer"));
    socket.once("error", (error) => end(false, error.message));
    socket.once("close", () => end(false, "closed without a byte"));
  });
}

interface Credentials {
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

function credentials(folder: string): Credentials {
  return { cert: readFileSync(join(folder, "cert.pem")), key: readFileSync(join(folder, "key.pem")) };
}

/** Without namespaces a process of a node must choose the node's loopback address itself. */
function ownAddress(): { readonly localAddress?: string } {
  const own = process.env.FLAT_ADDRESS;
  return own === undefined ? {} : { localAddress: own };
}

/** An attacker doesn't care whom it talks to, so the server's certificate isn't checked. */
function open(address: string, mine: Credentials): ClientHttp2Session {
  const colon = address.lastIndexOf(":");
  const socket = connectTls({
    ...mine,
    ...ownAddress(),
    host: address.slice(0, colon).replace(/^\[|\]$/g, ""),
    port: Number(address.slice(colon + 1)),
    ALPNProtocols: ["h2"],
    rejectUnauthorized: false,
  });
  const session = connectHttp2(`https://${address}`, { createConnection: () => socket });
  session.on("error", () => {}); // each request reports what became of it
  return session;
}
