/** How a replica is, for probes and Prometheus: plain HTTP, nothing secret. */
import { createServer, type Server } from "node:http";

export interface Health {
  /** What keeps this replica from leading at once; empty: it could. */
  missing(): string[];
  metrics(): string;
}

/** A request has no body and few headers: whoever is slower holds a connection for nothing. */
const REQUEST_MS = 10_000;
const MAX_HEADER_BYTES = 8192;

/** A server that isn't listening yet. */
export function healthServer(health: Health): Server {
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS };
  return createServer(limits, ({ method, url }, response) => {
    const { status, text } = method === "GET" ? answer(health, url ?? "") : { status: 405, text: "GET only\n" };
    response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
  });
}

function answer(health: Health, url: string): { status: number; text: string } {
  if (url === "/healthz") return { status: 200, text: "ok\n" };
  if (url === "/metrics") return { status: 200, text: health.metrics() };
  if (url !== "/readyz") return { status: 404, text: "/healthz, /readyz or /metrics\n" };
  const missing = health.missing();
  return missing.length === 0 ? { status: 200, text: "ready\n" } : { status: 503, text: `${missing.join("\n")}\n` };
}
