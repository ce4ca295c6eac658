/** Keeps one node's Envoy running: starts it, waits until it is ready, starts it again when it ends. */
import type { ChildProcess } from "node:child_process";
import { isReady } from "./admin.ts";
import { prepareAdminSocket } from "./admin-socket.ts";
import { BackOff } from "./back-off.ts";
import { cutLog, lastLines, withLog } from "./log-file.ts";
import type { Place } from "./namespace.ts";

export interface EnvoyRun {
  /** The node; also its namespace. */
  readonly node: string;
  readonly program: string;
  /** Path of the bootstrap. */
  readonly config: string;
  /** Worker threads. */
  readonly concurrency: number;
  /** Path of the Unix socket that the bootstrap gives the admin interface. */
  readonly adminSocket: string;
  /** Path of the log; `.1` holds what was before. */
  readonly log: string;
}

export interface SupervisorEvents {
  started?(node: string, pid: number): void;
  ready?(node: string, afterMs: number): void;
  exited?(node: string, exit: Exit): void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Undefined: it was told to end. */
  readonly restartInMs: number | undefined;
  /** The end of its log. */
  readonly lastLines: readonly string[];
}

export interface SupervisorOptions {
  readonly events?: SupervisorEvents;
  readonly backOff?: BackOff;
}

const READY_POLL_MS = 20;
const LOG_CHECK_MS = 5000;
const SAID_LINES = 5;

export class Supervisor {
  readonly #run: EnvoyRun;
  readonly #place: Place;
  readonly #events: SupervisorEvents;
  readonly #backOff: BackOff;
  #child: ChildProcess | undefined;
  #isReady = false;
  #isStopped = false;
  #restart: NodeJS.Timeout | undefined;
  #logCheck: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];

  constructor(run: EnvoyRun, place: Place, options: SupervisorOptions = {}) {
    this.#run = run;
    this.#place = place;
    this.#events = options.events ?? {};
    this.#backOff = options.backOff ?? new BackOff();
  }

  /** The running Envoy; undefined between a crash and the next start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Starts Envoy and keeps it running until `stop`. */
  async start(): Promise<void> {
    await prepareAdminSocket(this.#run.adminSocket);
    this.#logCheck = setInterval(() => void cutLog(this.#run.log).catch(() => {}), LOG_CHECK_MS);
    this.#logCheck.unref();
    this.#spawn();
  }

  /** Waits until Envoy serves. Fails at the deadline with the end of its log. */
  async ready(deadlineMs: number): Promise<void> {
    if (this.#isReady) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), deadlineMs);
    });
    const served = new Promise<boolean>((resolve) => this.#waiting.push(() => resolve(true)));
    const isServing = await Promise.race([served, late]);
    clearTimeout(timer);
    if (isServing) return;
    const said = (await lastLines(this.#run.log, SAID_LINES)).join("\n");
    throw new Error(`the Envoy of ${this.#run.node} is not ready after ${deadlineMs} ms; its log ends with:\n${said}`);
  }

  /** Ends Envoy for good: asks first, and kills it when it has not ended after `graceMs`. */
  async stop(graceMs = 3000): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#restart);
    clearInterval(this.#logCheck);
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await ended;
    clearTimeout(timer);
  }

  #spawn(): void {
    const { node, log } = this.#run;
    const startedAt = performance.now();
    const child = withLog(log, (descriptor) =>
      this.#place.execIn(node, commandLine(this.#run), { stdio: ["ignore", descriptor, descriptor] }),
    );
    this.#child = child;
    if (child.pid !== undefined) this.#events.started?.(node, child.pid);
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      // A program that cannot be started reports an error, and some that ended report both.
      if (this.#child === child) void this.#ended(code, signal, performance.now() - startedAt);
    };
    child.once("error", () => end(null, null));
    child.once("exit", end);
    void this.#awaitReady(child, startedAt);
  }

  async #awaitReady(child: ChildProcess, startedAt: number): Promise<void> {
    while (this.#child === child && !this.#isStopped) {
      if (await isReady(this.#run.adminSocket)) break;
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
    if (this.#child !== child) return;
    this.#isReady = !this.#isStopped;
    if (!this.#isReady) return;
    this.#events.ready?.(this.#run.node, performance.now() - startedAt);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #ended(code: number | null, signal: NodeJS.Signals | null, aliveMs: number): Promise<void> {
    this.#child = undefined;
    this.#isReady = false;
    const restartInMs = this.#isStopped ? undefined : this.#backOff.next(aliveMs);
    if (restartInMs !== undefined) this.#restart = setTimeout(() => this.#spawn(), restartInMs);
    const said = await lastLines(this.#run.log, SAID_LINES).catch(() => []);
    this.#events.exited?.(this.#run.node, { code, signal, restartInMs, lastLines: said });
  }
}

function commandLine(run: EnvoyRun): string[] {
  const threads = ["--concurrency", String(run.concurrency)];
  const logs = ["--log-level", "warning", "--component-log-level", "wasm:info"];
  // Hot restart shares memory by name between all Envoys of the machine, also those of other users.
  return [run.program, "--config-path", run.config, "--disable-hot-restart", ...threads, ...logs];
}
