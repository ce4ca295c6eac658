/** Drives `perf/load`, the load generator in C: turns commands into samples. */

import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { spawnBound } from "../controller/node/child.ts";

/** Where flows come from and go to. */
export interface Target {
  /** File of the network namespace that the client is in. */
  readonly namespace: string;
  /** First of `count` consecutive IPv4 addresses. */
  readonly address: string;
  readonly port: number;
  readonly count: number;
}

/** Nanoseconds. `failed` flows have no sample. */
export interface FlowSamples {
  readonly failed: number;
  /** From the call of connect() to the first answer. */
  readonly first: readonly number[];
  /** The second exchange on the same flow. */
  readonly second: readonly number[];
}

export interface RateSamples {
  readonly failed: number;
  readonly elapsed: number;
  readonly first: readonly number[];
}

export class LoadGenerator {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  static start(program: string): LoadGenerator {
    return new LoadGenerator(spawnBound([program], { stdio: ["pipe", "pipe", "inherit"] }));
  }

  /** Flows one after the other. */
  flows(target: Target, start: number, flows: number): Promise<FlowSamples> {
    return this.#ask("flows", target, start, flows) as Promise<FlowSamples>;
  }

  /** Flows of `clients` at once. */
  rate(target: Target, start: number, flows: number, clients: number): Promise<RateSamples> {
    return this.#ask("rate", target, start, flows, clients) as Promise<RateSamples>;
  }

  /** Round trips on one established flow. */
  trips(target: Target, rounds: number): Promise<{ readonly failed: number; readonly trips: readonly number[] }> {
    return this.#ask("trips", target, 0, rounds) as Promise<{ failed: number; trips: number[] }>;
  }

  /** HTTP requests, each answered with 100 bytes, on one connection. */
  requests(target: Target, rounds: number): Promise<{ readonly failed: number; readonly trips: readonly number[] }> {
    return this.#ask("requests", target, 0, rounds) as Promise<{ failed: number; trips: number[] }>;
  }

  upload(target: Target, bytes: number): Promise<{ readonly failed: number; readonly elapsed: number }> {
    return this.#ask("upload", target, 0, bytes) as Promise<{ failed: number; elapsed: number }>;
  }

  stop(): void {
    this.#child.kill();
  }

  async #ask(kind: string, { namespace, address, port, count }: Target, ...numbers: number[]): Promise<unknown> {
    this.#child.stdin?.write(`${[kind, namespace, address, port, count, ...numbers].join(" ")}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error("the load generator ended");
    return JSON.parse(answer.value);
  }
}

/** Starts the server in all these namespaces; resolves when it listens. */
export async function startServer(program: string, port: number, namespaces: readonly string[]): Promise<ChildProcess> {
  const child = spawnBound([program, "serve", String(port), ...namespaces], { stdio: ["ignore", "pipe", "inherit"] });
  const first = await createInterface({ input: child.stdout as NodeJS.ReadableStream })
    [Symbol.asyncIterator]()
    .next();
  if (first.value !== "ready") throw new Error("the load generator's server did not start");
  return child;
}
