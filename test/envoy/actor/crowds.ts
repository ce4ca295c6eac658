/** Apps that open many flows. */
import { createConnection, type Socket } from "node:net";

const PATIENCE_MS = 10_000;

export interface StormReport {
  readonly opened: number;
  /** What the failed ones saw, each once. */
  readonly failures: readonly string[];
  readonly failed: number;
  /** Milliseconds from connect to the server's first byte. */
  readonly medianMs: number;
  readonly ms: number;
}

export interface Storm {
  readonly host: string;
  readonly port: number;
  readonly flows: number;
  readonly atOnce: number;
  /** No more flows are begun after this long. */
  readonly forMs?: number;
  /** How the client ends a flow that it got the greeting on. */
  readonly end: "reset" | "close";
}

/** Opens flows to a server that greets, so many at a time, and ends each as soon as it is greeted. */
export async function storm({ host, port, flows, atOnce, end, forMs = 60_000 }: Storm): Promise<StormReport> {
  const start = performance.now();
  const times: number[] = [];
  const failures: string[] = [];
  let left = flows;
  const client = async () => {
    while (left-- > 0 && performance.now() - start < forMs) {
      const began = performance.now();
      const failure = await oneFlow(host, port, end);
      if (failure === undefined) times.push(performance.now() - began);
      else failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  const medianMs = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.POSITIVE_INFINITY;
  return {
    opened: times.length,
    failed: failures.length,
    failures: [...new Set(failures)],
    medianMs,
    ms: performance.now() - start,
  };
}

/** What went wrong with one flow, if anything did. */
function oneFlow(host: string, port: number, end: Storm["end"]): Promise<string | undefined> {
  const socket = createConnection({ host, port, noDelay: true });
  socket.setTimeout(PATIENCE_MS);
  return new Promise((resolve) => {
    socket.once("data", () => {
      if (end === "reset") socket.resetAndDestroy();
      else socket.destroy();
      resolve(undefined);
    });
    socket.once("timeout", () => {
      socket.destroy();
      resolve("timed out");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once("close", () => resolve("closed without a byte"));
  });
}

const stalled: Socket[] = [];

/** Opens flows to a server that never stops to send, and reads a little of each and then nothing more. */
export function stall(host: string, port: number, flows: number): Promise<void> {
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = createConnection({ host, port });
      stalled.push(socket);
      socket.once("data", () => {
        socket.pause();
        resolve();
      });
      socket.once("close", () => reject(new Error("a flow that was to stall was closed")));
      socket.on("error", () => {});
    });
  return Promise.all(Array.from({ length: flows }, one)).then(() => {});
}

/** How many of the stalled flows still live; ends them. */
export function endStalled(): number {
  const alive = stalled.filter((socket) => !socket.destroyed).length;
  for (const socket of stalled.splice(0)) socket.removeAllListeners("close").destroy();
  return alive;
}
