/**
 * The filters' code for istio-agents, at a path that names its digest. Plain HTTP: the code is no secret, and whoever
 * takes it checks the digest, which comes from the control plane.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { codePath } from "../emit/istio/mesh.ts";
import { keepNewest } from "./newest-connections.ts";

/** A request has no body and few headers: whoever is slower than this holds a connection for nothing. */
const REQUEST_MS = 10_000;
const MAX_HEADER_BYTES = 4096;
/** Anybody may ask, and must not take the memory that leading needs. Who is cut off asks again. */
const MAX_CONNECTIONS = 2048;
/** A reader that takes nothing for so long is gone. */
const STALL_MS = 20_000;

export class FilterCode {
  readonly digest: string;
  readonly #path: string;

  constructor(private readonly code: Uint8Array) {
    this.digest = createHash("sha256").update(code).digest("hex");
    this.#path = codePath(this.digest);
  }

  /** A server that isn't listening yet. */
  server(): Server {
    const limits = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS };
    const server = createServer(limits, (request, response) => this.#answer(request, response));
    keepNewest(server, MAX_CONNECTIONS);
    server.setTimeout(STALL_MS);
    return server;
  }

  #answer({ method, url }: IncomingMessage, response: ServerResponse): void {
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
    } else if (url !== this.#path) {
      response.writeHead(404).end();
    } else {
      const headers = { "content-type": "application/wasm", "content-length": this.code.length };
      // Other code has another path.
      response.writeHead(200, { ...headers, "cache-control": "public, max-age=31536000, immutable" });
      response.end(method === "GET" ? this.code : undefined);
    }
  }
}
