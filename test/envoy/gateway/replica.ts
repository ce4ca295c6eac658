/** One replica of a gateway as a pod runs it: `sallyport gateway` in a network namespace, with a pod's folders. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { envoyStats } from "../../../controller/node/admin.ts";
import { projectFolder } from "../../../controller/node/envoy.ts";
import { withLog } from "../../../controller/node/log-file.ts";
import type { Lab } from "../../../controller/node/namespace.ts";
import { until } from "../../until.ts";
import { type Pem, writeCertificate, writeConfigMap } from "./volumes.ts";

const PROGRAM = join(projectFolder(), "build", "js", "controller", "cli", "main.js");
const HEALTH = "15046";

export interface ReplicaOptions {
  readonly name: string;
  readonly address: string;
  readonly envoy: string;
  readonly folder: string;
  readonly drainSeconds: number;
  /** SPIFFE id of the controller that is asked, instead of the mesh's. */
  readonly controller: string;
}

export class Replica {
  #child: ChildProcess | undefined;
  /** How it ended: exit code or signal. */
  end: number | string | undefined;

  constructor(
    private readonly lab: Lab,
    readonly options: ReplicaOptions,
  ) {}

  get name(): string {
    return this.options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(files: Readonly<Record<string, string>>, certificate: Pem): Promise<void> {
    await this.mount(files);
    await this.certify(certificate);
    await mkdir(this.#path("admin"), { recursive: true });
    this.run();
    await until(async () => (await this.health("/readyz")) === "200", `${this.name} to be ready`, 20_000).catch(
      async ({ message }: Error) => {
        throw new Error(`${message}; it says ${await this.health("/readyz")}, its log:\n${await this.log()}`);
      },
    );
  }

  run(): void {
    const { name, envoy, drainSeconds } = this.options;
    const flags = ["--bootstrap", this.#path("etc/bootstrap.json"), "--certificates", this.#path("certs")];
    const argv = [process.execPath, PROGRAM, "gateway", ...flags, "--drain", String(drainSeconds)];
    const env = { ...process.env, NODE_OPTIONS: "", ENVOY_BIN: envoy };
    const child = withLog(this.#path("log"), (to) =>
      this.lab.execIn(name, [...argv, "--concurrency", "1"], { env, stdio: ["ignore", to, to] }),
    );
    child.once("exit", (code, signal) => (this.end = code ?? signal ?? "?"));
    this.#child = child;
    this.end = undefined;
  }

  /** Writes the ConfigMap's data, with this replica's own paths. */
  async mount(files: Readonly<Record<string, string>>): Promise<void> {
    const paths: readonly (readonly [string, string])[] = [
      ["/etc/sallyport", this.#path("etc")],
      ["/var/run/sallyport/certs", this.#path("certs")],
      ["/var/run/sallyport/admin", this.#path("admin")],
      ["/usr/share/sallyport", join(projectFolder(), "build", "wasm")],
      ["spiffe://shop.example/ns/sallyport-system/sa/sallyport", this.options.controller],
    ];
    const own = (text: string) => paths.reduce((all, [from, to]) => all.replaceAll(from, to), text);
    await writeConfigMap(
      this.#path("etc"),
      Object.fromEntries(Object.entries(files).map(([name, text]) => [name, own(text)])),
    );
  }

  async certify(certificate: Pem): Promise<void> {
    await writeCertificate(this.#path("certs"), certificate);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Waits for its end; the exit code or the signal. */
  async ended(deadlineMs: number): Promise<number | string> {
    await until(() => this.end !== undefined, `${this.name} to end`, deadlineMs);
    return this.end as number | string;
  }

  async kill(): Promise<void> {
    if (this.end !== undefined || this.#child === undefined) return;
    const gone = once(this.#child, "exit");
    this.signal("SIGKILL");
    await gone;
  }

  stats(filter: string): Promise<Map<string, number>> {
    return envoyStats(this.#path("admin/envoy/admin.sock"), filter).catch(() => new Map());
  }

  async total(filter: string): Promise<number> {
    return [...(await this.stats(filter)).values()].reduce((sum, value) => sum + value, 0);
  }

  /** `200`, or another status with what is said; empty if nobody answers. */
  async health(path: string): Promise<string> {
    const script = `const http = require("node:http");
      http.get({ host: "127.0.0.1", port: ${HEALTH}, path: ${JSON.stringify(path)}, timeout: 2000 }, (answer) => {
        let text = ""; answer.on("data", (more) => (text += more));
        answer.on("end", () => console.log(answer.statusCode === 200 && text.length < 10 ? "200" : answer.statusCode + " " + text.trim()));
      }).on("error", () => console.log(""));`;
    return (await this.lab.run(this.name, [process.execPath, "-e", script]).catch(() => "")).trim();
  }

  async log(): Promise<string> {
    return readFile(this.#path("log"), "utf8").catch(() => "");
  }

  #path(path: string): string {
    return join(this.options.folder, this.name, path);
  }
}
