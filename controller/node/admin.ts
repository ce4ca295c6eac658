/** Envoy's admin interface on a Unix socket. */
import { request } from "node:http";

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 5000;

/** `path` such as `/ready`, `/stats?filter=tcp` or `/config_dump`. Fails when nobody listens on the socket. */
export function adminGet(socket: string, path: string): Promise<AdminAnswer> {
  return ask(socket, path, "GET");
}

/** For what changes something, such as `/drain_listeners`. */
export function adminPost(socket: string, path: string): Promise<AdminAnswer> {
  return ask(socket, path, "POST");
}

function ask(socketPath: string, path: string, method: string): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method, agent: false, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer from ${socketPath} within ${TIMEOUT_MS} ms`)));
    sent.on("error", reject);
    sent.end();
  });
}

/** Whether the Envoy behind the socket has its listeners up. */
export async function isReady(socket: string): Promise<boolean> {
  return adminGet(socket, "/ready").then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** Counters and gauges whose name matches the regular expression `filter` (RE2), by name. */
export async function envoyStats(socket: string, filter: string): Promise<Map<string, number>> {
  const { status, body } = await adminGet(socket, `/stats?filter=${encodeURIComponent(filter)}`);
  if (status !== 200) throw new Error(`${socket} answered ${status} when asked for statistics`);
  const values = body.split("\n").flatMap((line) => {
    const match = /^(.+): ([0-9]+)$/.exec(line);
    return match === null ? [] : [[match[1] as string, Number(match[2])] as const];
  });
  return new Map(values);
}
