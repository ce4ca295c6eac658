/** A real API server for tests, with a port, a state and credentials of its own. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Finished, runOrFail, runToEnd, spawnBound } from "../../controller/node/child.ts";
import { lastLines, withLog } from "../../controller/node/log-file.ts";

/** It takes 3 s when nothing else runs. */
export const START_MS = 120_000;

export interface Answer {
  readonly status: number;
  /** What the server says: an object, or a Status with the reason. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any kind, looked at by tests
  readonly body: any;
}

export class ApiServer {
  #child: ChildProcess | undefined;
  #port = 0;
  #agent: Agent | undefined;

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly flags: readonly string[],
  ) {}

  /** Starts one whose state is in `folder`, a short path: it holds Unix sockets. `flags` are kube-apiserver's. */
  static async start(program: string, folder: string, flags: readonly string[] = []): Promise<ApiServer> {
    const server = new ApiServer(program, folder, flags);
    try {
      await server.resume();
      return server;
    } catch (error) {
      await server.crash();
      throw error;
    }
  }

  get kubeconfig(): string {
    return join(this.folder, "kubeconfig");
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts it again after a crash, with the same address and state. */
  async resume(): Promise<void> {
    const log = join(this.folder, "..", "api-server.log");
    const argv = [this.program, "serve", "-dir", this.folder, "-port", String(this.#port), "--", ...this.flags];
    const child = withLog(log, (descriptor) => spawnBound(argv, { stdio: ["ignore", "pipe", descriptor] }));
    this.#child = child;
    const url = await announced(child).catch(async ({ message }: Error) => {
      throw new Error(`${message}; its log ends with:\n${(await lastLines(log, 10)).join("\n")}`);
    });
    this.#port = Number(new URL(url).port);
    const file = (name: string) => readFileSync(join(this.folder, name));
    const credentials = { ca: file("ca.crt"), cert: file("admin.crt"), key: file("admin.key") };
    this.#agent = new Agent({ keepAlive: true, maxSockets: 8, ...credentials });
  }

  /** Ends it at once; nothing of it is left but its state. */
  async crash(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#agent?.destroy();
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Asks as administrator. `path` has its query, such as `?dryRun=All`. */
  ask(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
    const headers = { "content-type": type, accept: "application/json" };
    const options = { host: "127.0.0.1", port: this.#port, method, path, agent: this.#agent, headers };
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          resolve({ status: response.statusCode ?? 0, body: bodyOf(Buffer.concat(chunks).toString()) });
        });
      });
      sent.once("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** What kubectl prints; fails if it fails. */
  async kubectl(...args: readonly string[]): Promise<string> {
    return runOrFail([this.program, "kubectl", ...args], "", { env: this.#environment() });
  }

  /** kubectl's end, whatever it is, with `input` for `-f -`. */
  tryKubectl(args: readonly string[], input = ""): Promise<Finished> {
    return runToEnd([this.program, "kubectl", ...args], input, { env: this.#environment() });
  }

  #environment(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: this.folder, KUBECONFIG: this.kubeconfig };
  }
}

/** Of a path that it doesn't know the server says so in plain text. */
function bodyOf(text: string): unknown {
  return /^[{["]/.test(text) ? JSON.parse(text) : text;
}

/** Status by type, of an object's conditions. */
export function conditionsOf(object: unknown): Record<string, string> {
  const { status } = object as { status: { conditions: { type: string; status: string }[] } };
  return Object.fromEntries(status.conditions.map(({ type, status }) => [type, status]));
}

/** The URL on the line that it prints when it is ready. */
function announced(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`kube-plane is not ready after ${START_MS} ms`)), START_MS);
    child.once("exit", (code, signal) => reject(new Error(`kube-plane ended with ${code ?? signal}`)));
    child.once("error", reject);
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", (line) => {
      clearTimeout(late);
      resolve((JSON.parse(line) as { server: string }).server);
    });
  });
}
