/** Apps that connect: a plain `connect()`, and no knowledge of the overlay. */
import { get } from "node:http";
import { createConnection, type Socket } from "node:net";

/** What a client saw of one attempt: the server's first bytes, or why there were none. */
export interface Seen {
  readonly reached: boolean;
  readonly saw: string;
}

const PATIENCE_MS = 3000;

export function probeTcp(host: string, port: number): Promise<Seen> {
  const socket = createConnection({ host, port, noDelay: true });
  socket.setTimeout(PATIENCE_MS);
  return new Promise((resolve) => {
    const end = (reached: boolean, saw: string) => {
      socket.destroy();
      resolve({ reached, saw });
    };
    socket.once("data", (data) => end(true, data.toString()));
    socket.once("timeout", () => end(false, "timed out"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(false, error.code ?? error.message));
    socket.once("close", () => end(false, "closed without a byte"));
  });
}

export function probeHttp(host: string, port: number): Promise<Seen> {
  return new Promise((resolve) => {
    const request = get({ host, port, agent: false, timeout: PATIENCE_MS }, (response) => {
      response.once("data", (data: Buffer) => resolve({ reached: true, saw: data.toString() }));
      response.once("end", () => resolve({ reached: false, saw: "empty answer" }));
      response.once("error", (error) => resolve({ reached: false, saw: error.message }));
    });
    request.once("timeout", () => request.destroy(new Error("timed out")));
    request.once("error", (error: NodeJS.ErrnoException) =>
      resolve({ reached: false, saw: error.code ?? error.message }),
    );
  });
}

/** What became of a flow that was opened. */
export interface FlowReport {
  readonly alive: boolean;
  readonly exchanges: number;
  /** Of the exchanges since the last report, the longest, in milliseconds. */
  readonly longestMs: number;
}

interface HeldFlow {
  readonly socket: Socket;
  exchanges: number;
  longestMs: number;
  sentAt: number;
}

const PING_MS = 5;
const flows = new Map<string, HeldFlow>();

/** Opens a flow to a server that echoes and exchanges a byte on it every few milliseconds; whether it got through. */
export function openFlow(name: string, host: string, port: number): Promise<boolean> {
  flows.get(name)?.socket.destroy();
  const flow: HeldFlow = {
    socket: createConnection({ host, port, noDelay: true }),
    exchanges: 0,
    longestMs: 0,
    sentAt: 0,
  };
  flows.set(name, flow);
  const { socket } = flow;
  const ping = () => {
    flow.sentAt = performance.now();
    if (!socket.destroyed) socket.write("x");
  };
  return new Promise((resolve) => {
    socket.once("data", () => {
      ping();
      socket.on("data", () => {
        flow.exchanges++;
        flow.longestMs = Math.max(flow.longestMs, performance.now() - flow.sentAt);
        setTimeout(ping, PING_MS);
      });
      resolve(true);
    });
    socket.on("error", () => {}); // seen as its closing
    socket.once("close", () => resolve(false));
  });
}

/** A flow that never was is a mistake of the test. */
export function reportFlow(name: string): FlowReport {
  const flow = flows.get(name);
  if (flow === undefined) throw new Error(`no flow ${name} was opened`);
  const report = { alive: !flow.socket.destroyed, exchanges: flow.exchanges, longestMs: flow.longestMs };
  flow.longestMs = 0;
  return report;
}

export function closeFlow(name: string): void {
  flows.get(name)?.socket.destroy();
  flows.delete(name);
}

/** Flows since the last report that got the server's greeting, and what the others saw. */
export interface TrafficReport {
  readonly opened: number;
  readonly failures: readonly string[];
}

let traffic: { opened: number; failures: string[] } = { opened: 0, failures: [] };
let timer: NodeJS.Timeout | undefined;

/** New flows at a steady rate, until stopped. */
export function startTraffic(host: string, port: number, everyMs: number): void {
  clearInterval(timer);
  traffic = { opened: 0, failures: [] };
  timer = setInterval(() => {
    void probeTcp(host, port).then(({ reached, saw }) => {
      if (reached) traffic.opened++;
      else traffic.failures.push(saw);
    });
  }, everyMs);
}

export function reportTraffic(): TrafficReport {
  const report = traffic;
  traffic = { opened: 0, failures: [] };
  return report;
}

export function stopTraffic(): void {
  clearInterval(timer);
}
