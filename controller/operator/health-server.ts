/** How a replica is, for probes and Prometheus: plain HTTP, nothing secret. */
import { createServer, type Server } from "node:http";
import { keepNewest } from "../serve/newest-connections.ts";

export interface Health {
  /** What keeps this replica from leading at once; empty: it could. */
  missing(): string[];
  metrics(): string;
}

/** A request has no body and few headers: whoever is slower holds a connection for nothing. */
const REQUEST_MS = 10_000;
const MAX_HEADER_BYTES = 8192;
/** Anybody may ask, and must not take the memory or the time that leading needs: metrics are as old as this at most. */
const MAX_CONNECTIONS = 100;
const METRICS_MS = 250;

/** A server that isn't listening yet. */
export function healthServer(health: Health): Server {
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS };
  const metrics = nowAndThen(() => health.metrics());
  const server = createServer(limits, ({ method, url }, response) => {
    const known = { missing: () => health.missing(), metrics };
    const { status, text } = method === "GET" ? answer(known, url ?? "") : { status: 405, text: "GET only\n" };
    response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
  });
  keepNewest(server, MAX_CONNECTIONS);
  return server;
}

/** What `text` says, asked once in a while. */
function nowAndThen(text: () => string): () => string {
  let last = { text: "", until: Number.NEGATIVE_INFINITY };
  return () => {
    const now = performance.now();
    if (now >= last.until) last = { text: text(), until: now + METRICS_MS };
    return last.text;
  };
}

function answer(health: Health, url: string): { status: number; text: string } {
  if (url === "/healthz") return { status: 200, text: "ok\n" };
  if (url === "/metrics") return { status: 200, text: health.metrics() };
  if (url !== "/readyz") return { status: 404, text: "/healthz, /readyz or /metrics\n" };
  const missing = health.missing();
  return missing.length === 0 ? { status: 200, text: "ready\n" } : { status: 503, text: `${missing.join("\n")}\n` };
}
