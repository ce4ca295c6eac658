/** Keeps one Envoy running: starts it, waits until it is ready, and starts it again when it ends by itself. */
import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { adminGet } from "./admin.ts";
import type { Place } from "./namespace.ts";

export interface EnvoySettings {
  /** Node's name in its place. */
  readonly node: string;
  readonly binary: string;
  /** Path of the bootstrap. */
  readonly config: string;
  readonly concurrency: number;
  readonly adminSocket: string;
  readonly logFile: string;
}

interface Events {
  /** Its admin interface says LIVE. */
  ready: [];
  /** It ended by itself; the next start is so many milliseconds away. */
  exited: [how: string, restartInMs: number];
  failed: [error: Error];
}

const FIRST_BACKOFF_MS = 200;
const LAST_BACKOFF_MS = 10_000;
/** One that lived this long starts over with the shortest wait. */
const STABLE_MS = 30_000;
const GRACE_MS = 3000;
const READY_POLL_MS = 20;
const LOG_MAX_BYTES = 10 * 1024 * 1024;

export class Supervisor extends EventEmitter<Events> {
  readonly #settings: EnvoySettings;
  readonly #place: Place;
  #child: ChildProcess | undefined;
  #log: WriteStream | undefined;
  #logBytes = 0;
  #backoffMs = 0;
  #restart: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(place: Place, settings: EnvoySettings) {
    super();
    this.#place = place;
    this.#settings = settings;
  }

  /** The running Envoy's; undefined between an exit and the next start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    if (this.#stopped) return;
    await this.#openLog();
    // A socket of a killed predecessor would make the new one fail to bind.
    await rm(this.#settings.adminSocket, { force: true });
    const startedAt = Date.now();
    const child = this.#place.execIn(this.#settings.node, this.#command(), { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => this.#write(chunk));
    child.once("error", (error) => this.emit("failed", error));
    child.once("exit", (code, signal) => this.#exited(child, startedAt, signal ?? `exit code ${code}`));
    this.#waitUntilReady(child);
  }

  /** Ends it for good: SIGTERM, and SIGKILL if it doesn't listen. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    clearTimeout(this.#poll);
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const impatient = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      await ended;
      clearTimeout(impatient);
    }
    this.#log?.end();
  }

  #command(): string[] {
    const { binary, config, concurrency } = this.#settings;
    const quiet = ["--log-level", "warning", "--component-log-level", "wasm:info"];
    return [binary, "-c", config, "--disable-hot-restart", "--concurrency", String(concurrency), ...quiet];
  }

  #exited(child: ChildProcess, startedAt: number, how: string): void {
    if (this.#child === child) this.#child = undefined;
    clearTimeout(this.#poll);
    if (this.#stopped) return;
    const stable = Date.now() - startedAt > STABLE_MS;
    this.#backoffMs =
      stable || this.#backoffMs === 0 ? FIRST_BACKOFF_MS : Math.min(this.#backoffMs * 2, LAST_BACKOFF_MS);
    // Jitter: nodes that failed together shouldn't come back together.
    const waitMs = Math.round(this.#backoffMs * (0.75 + Math.random() / 2));
    this.emit("exited", how, waitMs);
    this.#restart = setTimeout(() => this.start().catch((error: Error) => this.emit("failed", error)), waitMs);
  }

  #waitUntilReady(child: ChildProcess): void {
    const ask = async () => {
      if (this.#child !== child || this.#stopped) return;
      const answer = await adminGet(this.#settings.adminSocket, "/ready").catch(() => "");
      if (answer.startsWith("LIVE")) this.emit("ready");
      else this.#poll = setTimeout(ask, READY_POLL_MS);
    };
    void ask();
  }

  async #openLog(): Promise<void> {
    if (this.#log !== undefined) return;
    const { logFile } = this.#settings;
    this.#logBytes = (await stat(logFile).catch(() => undefined))?.size ?? 0;
    this.#log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
    this.#log.on("error", (error) => this.emit("failed", error));
  }

  /** A log that grew too large becomes `<name>.1`, so that two files are the bound. */
  #write(chunk: Buffer): void {
    this.#log?.write(chunk);
    this.#logBytes += chunk.length;
    if (this.#logBytes < LOG_MAX_BYTES) return;
    this.#logBytes = 0;
    const { logFile } = this.#settings;
    this.#log?.end();
    void rename(logFile, `${logFile}.1`).catch((error: Error) => this.emit("failed", error));
    this.#log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
  }
}
