/** One Envoy, that writes its log where this process does, and is not started again. */
import type { ChildProcess } from "node:child_process";
import { spawnBound } from "../node/child.ts";

export interface EnvoyStart {
  readonly program: string;
  /** Path of the bootstrap. */
  readonly config: string;
  /** Worker threads. */
  readonly concurrency: number;
}

export class EnvoyProcess {
  /** How it ended, in words: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  #hasEnded = false;

  constructor({ program, config, concurrency }: EnvoyStart) {
    const logs = ["--log-level", "warning", "--component-log-level", "wasm:info"];
    const argv = [
      program,
      "--config-path",
      config,
      "--disable-hot-restart",
      "--concurrency",
      String(concurrency),
      ...logs,
    ];
    this.#child = spawnBound(argv, { stdio: ["ignore", "inherit", "inherit"] });
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.#hasEnded = true;
        resolve(how);
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Asks it to end, and kills it if it hasn't after `graceMs`. */
  async end(graceMs: number): Promise<void> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    await this.ended;
    clearTimeout(timer);
  }
}
