/** The handle of an actor: one process inside a node's network namespace that plays its apps. */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { spawnBound } from "../../../controller/node/child.ts";
import type { OverlayRun } from "../overlay-run.ts";
import type { Roles } from "./program.ts";

const LOADER = new URL("../../node/typescript.mjs", import.meta.url).href;
const PROGRAM = new URL("./program.ts", import.meta.url).pathname;

export const ACTOR_COMMAND: readonly string[] = [process.execPath, "--import", LOADER, PROGRAM];

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

type Result<Name extends keyof Roles> = Promise<Awaited<ReturnType<Roles[Name]>>>;

export class Actor {
  readonly node: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  /** Of a process that runs `ACTOR_COMMAND` in the node, with pipes for input and output. */
  constructor(node: string, child: ChildProcess) {
    this.node = node;
    this.#child = child;
    if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => this.#answer(line));
    child.once("exit", () => this.#fail(new Error(`the actor of ${node} ended`)));
    child.once("error", (error) => this.#fail(error));
    child.stdin?.on("error", () => {}); // it ended, which fails whatever waits
  }

  static async start(run: OverlayRun, node: string): Promise<Actor> {
    // The state folder among its arguments shows whose process it is.
    const command = await run.enter(node, [...ACTOR_COMMAND, node, run.state]);
    const env = { ...process.env, NODE_OPTIONS: "" };
    return new Actor(node, spawnBound(command, { stdio: ["pipe", "pipe", "inherit"], env }));
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  play<Name extends keyof Roles>(name: Name, ...args: Parameters<Roles[Name]>): Result<Name> {
    const id = this.#next++;
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, name, args })}\n`);
    }) as Result<Name>;
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  #answer(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`${this.node}: ${error}`));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
