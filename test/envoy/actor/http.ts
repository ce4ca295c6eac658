/** Apps that speak HTTP and look at it closer. */
import { createServer, get } from "node:http";

export interface HttpAnswer {
  /** 0: there was none. */
  readonly status: number;
  /** Or why there was no answer. */
  readonly body: string;
}

const PATIENCE_MS = 4000;

/** Answers with `{remote, headers}` of the request as JSON. */
export function serveHeaders(host: string, port: number): Promise<void> {
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ remote: request.socket.remoteAddress, headers: request.headers }));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

/** What a server of that name answers, on a connection of its own. */
export function askHttp(host: string, port: number, name: string, path = "/"): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const options = { host, port, path, headers: { host: name }, agent: false, timeout: PATIENCE_MS };
    const request = get(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", ({ message }) => resolve({ status: 0, body: message }));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    request.once("timeout", () => request.destroy(new Error("timed out")));
    request.once("error", (error: NodeJS.ErrnoException) => resolve({ status: 0, body: error.code ?? error.message }));
  });
}
