/** Attackers that speak to tunnel ports themselves, with a node's certificate and with keys out of its image. */
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2, constants as http2 } from "node:http2";
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

const PATIENCE_MS = 1000;

/** Sends all of it, over a new connection whenever the proxy has closed the one before. */
export async function barrage(wish: Barrage): Promise<BarrageReport> {
  const answers: Record<string, number> = {};
  let sent = 0;
  let closed = 0;
  while (sent < wish.requests) {
    const session = await open(wish);
    while (sent < wish.requests && (await isAlive(session))) {
      const round = Math.min(wish.atOnce, wish.requests - sent);
      sent += round;
      for (const answer of await Promise.all(Array.from({ length: round }, () => oneRequest(session, wish)))) {
        answers[answer] = (answers[answer] ?? 0) + 1;
      }
    }
    if (!(await isAlive(session))) closed++;
    session.destroy();
  }
  return { sent, answers, closed };
}

/** Status of the answer, or `none` if the request was reset before there was one. */
async function oneRequest(session: ClientHttp2Session, wish: Barrage): Promise<string> {
  if (session.closed || session.destroyed) return "none";
  const stream = session.request(
    { ":method": "CONNECT", ":authority": wish.authority, "sallyport-stamp": makeStamp(wish.stamp) },
    { endStream: false },
  );
  stream.on("error", () => {}); // the same as no answer
  const status = new Promise<string>((resolve) => {
    stream.once("response", (headers) => resolve(String(headers[":status"])));
    stream.once("close", () => resolve("none"));
    setTimeout(() => resolve("none"), wish.resetAfterMs ?? PATIENCE_MS);
  });
  return status.finally(() => stream.close(http2.NGHTTP2_CANCEL));
}

/** Asks the peer: a session whose connection was reset while it wrote doesn't always say so. */
function isAlive(session: ClientHttp2Session): Promise<boolean> {
  if (session.closed || session.destroyed) return Promise.resolve(false);
  let ended = () => {};
  const answered = new Promise<boolean>((resolve) => {
    ended = () => resolve(false);
    setTimeout(ended, PATIENCE_MS);
    session.once("close", ended);
    if (!session.ping((error) => resolve(error === null))) resolve(false);
  });
  return answered.finally(() => session.off("close", ended));
}

async function open({ tls, proxy }: Barrage): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://${proxy}`, { createConnection: () => secured(proxy, tls) });
  session.on("error", () => {}); // seen when it is asked
  await Promise.race(["connect", "close"].map((event) => new Promise((resolve) => session.once(event, resolve))));
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
