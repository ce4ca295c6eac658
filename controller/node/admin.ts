/** Envoy's admin interface over its Unix socket. */
import { request } from "node:http";

const TIMEOUT_MS = 5000;

/** Body of a GET. An unreachable socket or another status than 200 is an error; /ready answers before it is. */
export function adminGet(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: "GET", timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${path} answered ${response.statusCode}: ${body.slice(0, 200)}`));
      });
    });
    call.once("timeout", () => call.destroy(new Error(`${path} did not answer within ${TIMEOUT_MS} ms`)));
    call.once("error", reject);
    call.end();
  });
}

/** Envoy's counters and gauges by name. */
export async function adminStats(socketPath: string, filter = ""): Promise<ReadonlyMap<string, number>> {
  const query = filter === "" ? "" : `&filter=${encodeURIComponent(filter)}`;
  const text = await adminGet(socketPath, `/stats?format=text${query}`);
  const pairs = text.split("\n").map((line) => line.split(": "));
  return new Map(pairs.flatMap(([name, value]) => (name && /^\d+$/.test(value ?? "") ? [[name, Number(value)]] : [])));
}
