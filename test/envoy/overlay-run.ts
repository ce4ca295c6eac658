/** `sallyport up` on a folder of resources, run as users run it, and seen from outside of its namespaces. */
import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { envoyStats } from "../../controller/node/admin.ts";
import { type Finished, runOrFail, runToEnd, spawnBound } from "../../controller/node/child.ts";
import { ensureEnvoy, projectFolder } from "../../controller/node/envoy.ts";
import { enterCommand } from "../../controller/node/exec.ts";
import { runningIn } from "../../controller/node/run-record.ts";
import { until } from "../until.ts";

export const PROGRAM = join(projectFolder(), "build", "js", "controller", "cli", "main.js");

/** Starting and stopping take seconds on a busy machine; nothing waits that long when all goes well. */
const START_MS = 60_000;
const STOP_MS = 20_000;

export interface RunOptions {
  /** Resource files by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Further arguments of `up`. */
  readonly args?: readonly string[];
  /** The command line that runs the controller, instead of `up`'s; `files` and state folder follow. */
  readonly program?: readonly string[];
}

/** One running topology. Nodes are named as `sallyport status` names them. */
export class OverlayRun {
  readonly resources: string;
  readonly state: string;
  readonly controller: ChildProcess;
  #said = "";
  #ended: number | string | undefined;

  private constructor(folder: string, { args = [], program }: RunOptions) {
    this.resources = join(folder, "resources");
    this.state = join(folder, "state");
    const command = program ?? [process.execPath, PROGRAM, "up"];
    this.controller = spawnBound([...command, "-f", this.resources, "--state", this.state, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    for (const stream of [this.controller.stdout, this.controller.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.#said += chunk.toString()));
    }
    this.controller.once("exit", (code, signal) => (this.#ended = code ?? signal ?? "an unknown end"));
  }

  /** Writes the resources into `folder`, starts everything and waits until every node can carry flows. */
  static async start(folder: string, options: RunOptions): Promise<OverlayRun> {
    // Outside of the lab, which has no way to where it would be downloaded from.
    await ensureEnvoy((line) => console.log(line));
    await mkdir(join(folder, "resources"), { recursive: true });
    for (const [name, text] of Object.entries(options.files)) await writeFile(join(folder, "resources", name), text);
    const run = new OverlayRun(folder, options);
    try {
      await run.says("ready: every node runs its image", START_MS);
      return run;
    } catch (error) {
      await run.stop();
      throw error;
    }
  }

  /** Everything that the controller has printed. */
  get said(): string {
    return this.#said;
  }

  /** Waits until the controller has printed `text`, after the first `from` characters of what it said. */
  async says(text: string | RegExp, deadlineMs = 10_000, from = 0): Promise<void> {
    const found = () => {
      if (this.#ended !== undefined) throw new Error(`the controller ended with ${this.#ended}:\n${this.#said}`);
      const said = this.#said.slice(from);
      return typeof text === "string" ? said.includes(text) : text.test(said);
    };
    await until(found, `the controller to say "${text}"`, deadlineMs).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${this.#said}`);
    });
  }

  nodeFolder(node: string): string {
    return join(this.state, "nodes", node);
  }

  /** Folder with a node's current certificate and key. */
  tls(node: string): string {
    return join(this.nodeFolder(node), "tls", "current");
  }

  /** What a node's Envoy has logged. */
  async log(node: string): Promise<string> {
    return readFile(join(this.nodeFolder(node), "envoy.log"), "utf8").catch(() => "");
  }

  /** Process ids of the Envoys that run, by node. */
  pids(): Record<string, number> {
    const config = /--config-path\0([^\0]+)\/envoy\.json\0/;
    const found: Record<string, number> = {};
    for (const { pid, command } of processesWith(this.state)) {
      const folder = config.exec(command)?.[1];
      if (folder !== undefined && pathOfProgram(command).endsWith("envoy"))
        found[folder.slice(folder.lastIndexOf("/") + 1)] = pid;
    }
    return found;
  }

  pid(node: string): number {
    const pid = this.pids()[node];
    if (pid === undefined) throw new Error(`no Envoy of ${node} runs`);
    return pid;
  }

  /** Ends a node's Envoy as a crash would, and waits for the next one to be there. */
  async crash(node: string): Promise<void> {
    const before = this.pid(node);
    process.kill(before, "SIGKILL");
    await until(() => (this.pids()[node] ?? before) !== before, `${node} to be started again`, START_MS);
  }

  /** Statistics of a node's Envoy whose name matches; none while it doesn't answer. */
  stats(node: string, filter: string): Promise<Map<string, number>> {
    return envoyStats(join(this.nodeFolder(node), "admin.sock"), filter).catch(() => new Map());
  }

  /** Sum of the statistics whose name matches. */
  async total(nodes: readonly string[], filter: string): Promise<number> {
    const all = await Promise.all(nodes.map((node) => this.stats(node, filter)));
    return all.flatMap((stats) => [...stats.values()]).reduce((sum, value) => sum + value, 0);
  }

  /** Rewrites a resource file, in place as most editors do. */
  async edit(file: string, change: (text: string) => string): Promise<void> {
    const path = join(this.resources, file);
    const before = await readFile(path, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`the edit of ${file} changed nothing`);
    await writeFile(path, after);
  }

  /** Edits, and waits until every worker of every node runs what follows from it. */
  async apply(file: string, change: (text: string) => string): Promise<void> {
    const from = this.#said.length;
    await this.edit(file, change);
    await this.says(" applied: ", START_MS, from);
    await this.says(" all nodes run generation ", START_MS, from);
  }

  /** The command line that runs `argv` in a node's namespace, or in the controller's own. */
  async enter(node: string, argv: readonly string[]): Promise<readonly string[]> {
    const record = await runningIn(this.state);
    if (record === undefined) throw new Error(`nothing runs in ${this.state}: ${this.#said}`);
    return enterCommand(record, this.state, node, argv);
  }

  /** Runs a command in a node's namespace; its output. */
  async inNode(node: string, argv: readonly string[]): Promise<string> {
    return runOrFail(await this.enter(node, argv));
  }

  /** Runs another command of the program on this state folder. */
  command(name: string, ...args: readonly string[]): Promise<Finished> {
    return runToEnd([process.execPath, PROGRAM, name, "--state", this.state, ...args]);
  }

  /** Asks a node's Envoy to do something. */
  post(node: string, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socketPath = join(this.nodeFolder(node), "admin.sock");
      const sent = request({ socketPath, path, method: "POST", agent: false }, (response) => {
        response.resume();
        response.once("end", resolve);
      });
      sent.once("error", reject);
      sent.end();
    });
  }

  /** Ends the controller as an operator does; what is left of it afterwards, which should be nothing. */
  async stop(): Promise<readonly string[]> {
    if (this.#ended === undefined) this.controller.kill("SIGTERM");
    await until(() => this.#ended !== undefined, "the controller to end", STOP_MS).catch(() => {
      this.controller.kill("SIGKILL");
    });
    await until(() => processesWith(this.state).length === 0, "its processes to end", STOP_MS).catch(() => {});
    return this.#leftovers();
  }

  #leftovers(): string[] {
    const left = processesWith(this.state).map(
      ({ pid, command }) => `process ${pid}: ${command.replaceAll("\0", " ")}`,
    );
    if (this.#ended !== 0) left.push(`the controller ended with ${this.#ended}: ${this.#said}`);
    const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
    left.push(...mounts.filter((line) => line.includes(this.state)));
    if (existsSync(join(this.state, "running.json"))) left.push("the record of its run");
    return left;
  }
}

interface Process {
  readonly pid: number;
  /** Arguments, each with a zero after it. */
  readonly command: string;
}

/** Living processes that have `text` among their arguments, this one excepted. */
function processesWith(text: string): Process[] {
  const pids = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((name) => {
    try {
      // A zombie has no arguments any more.
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
      return command.includes(text) ? [{ pid: Number(name), command }] : [];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

function pathOfProgram(command: string): string {
  return command.slice(0, command.indexOf("\0"));
}
