/** Attackers that speak to tunnel ports themselves, with a node's certificate and with keys out of its image. */
import { readFileSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants as http2,
} from "node:http2";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type Attack, type AttackResult, attack as attackOnce, stealImage } from "../../../controller/demo/attacker.ts";
import { makeStamp, type StampWish } from "../../../controller/demo/forger.ts";

export function attack(wish: Attack): Promise<AttackResult> {
  return attackOnce(wish);
}

/** The image that the controller gives to the node whose certificate is in `tls`, base64. */
export async function steal(tls: string, control: string, nodeId: string): Promise<string> {
  return (await stealImage(tls, control, nodeId)).toString("base64");
}

/** Many CONNECTs on one connection after the other. */
export interface Barrage {
  /** Folder with `cert.pem` and `key.pem`. */
  readonly tls: string;
  /** `ip:port` of the proxy. */
  readonly proxy: string;
  readonly authority: string;
  readonly stamp: StampWish;
  readonly requests: number;
  readonly atOnce: number;
  /** Resets each request so long after sending it; without, the answer is awaited. */
  readonly resetAfterMs?: number;
}

export interface BarrageReport {
  readonly sent: number;
  /** Answers by status. */
  readonly answers: Readonly<Record<string, number>>;
  /** How often the proxy closed the attacker's connection. */
  readonly closed: number;
}

/** Sends all of it, over a new connection whenever the proxy has closed the one before. */
export async function barrage(wish: Barrage): Promise<BarrageReport> {
  const answers: Record<string, number> = {};
  let sent = 0;
  let closed = 0;
  while (sent < wish.requests) {
    const session = open(wish);
    const over = new Promise<void>((resolve) => session.once("close", resolve));
    let ended = false;
    void over.then(() => (ended = true));
    const client = async () => {
      while (!ended && sent < wish.requests) {
        sent++;
        const answer = await Promise.race([oneRequest(session, wish), over.then(() => "closed")]);
        answers[answer] = (answers[answer] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: wish.atOnce }, client));
    if (ended) closed++;
    session.destroy();
  }
  return { sent, answers, closed };
}

function oneRequest(session: ClientHttp2Session, wish: Barrage): Promise<string> {
  if (session.closed || session.destroyed) return Promise.resolve("closed");
  const stream = session.request(
    { ":method": "CONNECT", ":authority": wish.authority, "sallyport-stamp": makeStamp(wish.stamp) },
    { endStream: false },
  );
  stream.on("error", () => {});
  if (wish.resetAfterMs !== undefined) return resetAfter(stream, wish.resetAfterMs);
  return new Promise((resolve) => {
    stream.once("response", (headers) => {
      stream.close(http2.NGHTTP2_CANCEL);
      resolve(String(headers[":status"]));
    });
    stream.once("close", () => resolve("reset"));
  });
}

function resetAfter(stream: ClientHttp2Stream, ms: number): Promise<string> {
  return new Promise((resolve) => {
    stream.once("response", (headers) => resolve(String(headers[":status"])));
    stream.once("close", () => resolve("reset"));
    setTimeout(() => stream.close(http2.NGHTTP2_CANCEL), ms);
  });
}

function open({ tls, proxy }: Barrage): ClientHttp2Session {
  const session = connectHttp2(`https://${proxy}`, { createConnection: () => secured(proxy, tls) });
  session.on("error", () => {}); // counted as closed
  return session;
}

function secured(proxy: string, tls: string): TLSSocket {
  const colon = proxy.lastIndexOf(":");
  return connectTls({
    cert: readFileSync(join(tls, "cert.pem")),
    key: readFileSync(join(tls, "key.pem")),
    host: proxy.slice(0, colon).replace(/^\[|\]$/g, ""),
    port: Number(proxy.slice(colon + 1)),
    ALPNProtocols: ["h2"],
    rejectUnauthorized: false,
  });
}
