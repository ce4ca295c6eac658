/**
 * The apps of one node, in one process inside its network namespace: servers, and clients that do a plain `connect()`
 * and know nothing of the overlay. Driven by JSON lines on standard input, answers by JSON lines on standard output.
 */
import { createServer as createHttpServer, get } from "node:http";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { OUTBOUND_PORT } from "../model/ports.ts";
import { type Attack, attack, stealImage } from "./attacker.ts";

export type Order =
  | {
      readonly do: "serve";
      readonly protocol: "http" | "tcp";
      readonly host: string;
      readonly port: number;
      readonly name: string;
    }
  | { readonly do: "probe"; readonly protocol: "http" | "tcp"; readonly host: string; readonly port: number }
  | { readonly do: "open"; readonly host: string; readonly port: number }
  | { readonly do: "traffic"; readonly host: string; readonly port: number; readonly everyMs: number }
  | { readonly do: "report" }
  | { readonly do: "attack"; readonly attack: Attack }
  | { readonly do: "steal"; readonly tls: string; readonly control: string; readonly nodeId: string };

/** What a client saw of one attempt. */
export interface Probe {
  readonly reached: boolean;
  readonly ms: number;
  /** First bytes of the server, or why there were none. */
  readonly saw: string;
}

/** What traffic saw since the last report, and what became of the open flow. */
export interface TrafficReport {
  readonly opened: number;
  /** Milliseconds since 1970 of every attempt that failed. */
  readonly failedAt: readonly number[];
  readonly openFlow: "none" | "alive" | "closed";
  readonly openFlowClosedAt: number;
  readonly exchanges: number;
}

const PROBE_MS = 3000;
const PING_MS = 5;

const servers: Server[] = [];
let opened = 0;
let exchanges = 0;
let failedAt: number[] = [];
let openFlow: Socket | undefined;
let openFlowClosedAt = 0;
let trafficTimer: NodeJS.Timeout | undefined;

async function obey(order: Order): Promise<unknown> {
  if (order.do === "serve") return serve(order.protocol, order.host, order.port, order.name);
  if (order.do === "probe") return probe(order.protocol, order.host, order.port);
  if (order.do === "open") return keepOpen(order.host, order.port);
  if (order.do === "traffic") return startTraffic(order.host, order.port, order.everyMs);
  if (order.do === "report") return report();
  if (order.do === "steal") return (await stealImage(order.tls, order.control, order.nodeId)).toString("base64");
  return attack(order.attack);
}

/**
 * A plain `connect()`. Only where no namespace redirects it (FLAT_ADDRESS is this node's loopback address) the proxy has to
 * be told where the connection was meant to go.
 */
function dial(host: string, port: number): Socket {
  const own = process.env.FLAT_ADDRESS;
  if (own === undefined) return createConnection({ host, port });
  const socket = createConnection({ host: own, port: OUTBOUND_PORT });
  socket.write(`PROXY TCP4 ${own} ${host} 1 ${port}\r\n`);
  return socket;
}

/** HTTP answers with its name; TCP greets first, as many databases do, and echoes. */
function serve(protocol: "http" | "tcp", host: string, port: number, name: string): Promise<number> {
  const server =
    protocol === "http" ? createHttpServer((_, response) => response.end(`${name}\n`)) : createServer(greet(name));
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function greet(name: string) {
  return (socket: Socket) => {
    socket.on("error", () => {}); // a client that resets has only lost its own connection
    socket.write(`${name} ready\n`);
    socket.pipe(socket);
  };
}

function probe(protocol: "http" | "tcp", host: string, port: number): Promise<Probe> {
  const start = performance.now();
  const result = (reached: boolean, saw: string): Probe => ({ reached, ms: performance.now() - start, saw });
  return new Promise((resolve) => {
    if (protocol === "http") {
      const request = get({ host, port, timeout: PROBE_MS, createConnection: () => dial(host, port) }, (response) => {
        response.once("data", (data: Buffer) => resolve(result(true, data.toString().trim())));
        response.once("error", (error) => resolve(result(false, error.message)));
        response.once("end", () => resolve(result(false, "empty answer")));
      });
      request.once("timeout", () => request.destroy(new Error("timed out")));
      request.once("error", (error) => resolve(result(false, error.message)));
      return;
    }
    const socket = dial(host, port);
    socket.setTimeout(PROBE_MS);
    const end = (reached: boolean, saw: string) => {
      socket.destroy();
      resolve(result(reached, saw));
    };
    socket.once("data", (data) => end(true, data.toString().trim()));
    socket.once("timeout", () => end(false, "timed out"));
    socket.once("error", (error) => end(false, error.message));
    socket.once("close", () => end(false, "closed without a byte"));
  });
}

/** Opens one flow and keeps exchanging bytes on it, to see how long it lives. */
function keepOpen(host: string, port: number): Promise<boolean> {
  openFlow?.destroy();
  const socket = dial(host, port);
  openFlow = socket;
  openFlowClosedAt = 0;
  exchanges = 0;
  const ping = () => setTimeout(() => socket.destroyed || socket.write("x"), PING_MS);
  return new Promise((resolve) => {
    socket.once("data", () => resolve(true));
    socket.on("data", () => {
      exchanges++;
      ping();
    });
    socket.on("error", () => {}); // seen as its closing
    socket.once("close", () => {
      openFlowClosedAt = Date.now();
      resolve(false);
    });
  });
}

/** New flows at a steady rate until the next report; each counts when the server's greeting arrives. */
function startTraffic(host: string, port: number, everyMs: number): void {
  clearInterval(trafficTimer);
  opened = 0;
  failedAt = [];
  trafficTimer = setInterval(() => {
    void probe("tcp", host, port).then(({ reached }) => {
      if (reached) opened++;
      else failedAt.push(Date.now());
    });
  }, everyMs);
}

function report(): TrafficReport {
  const state = openFlow === undefined ? "none" : openFlow.destroyed ? "closed" : "alive";
  const seen = { opened, failedAt, openFlow: state, openFlowClosedAt, exchanges } as const;
  opened = 0;
  failedAt = [];
  return seen;
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, order } = JSON.parse(line) as { id: number; order: Order };
  obey(order).then(
    (result) => console.log(JSON.stringify({ id, result: result ?? null })),
    (error: Error) => console.log(JSON.stringify({ id, error: error.message })),
  );
});
process.stdin.once("end", () => process.exit(0));
