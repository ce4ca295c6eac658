/** One Envoy in a network namespace of its own, and what it has cost so far. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../../controller/emit/envoy.ts";
import type { NodePlan } from "../../controller/emit/topology.ts";
import { loadGuard } from "../../controller/node/guard.ts";
import type { Lab } from "../../controller/node/namespace.ts";
import type { Authority } from "../../controller/serve/authority.ts";
import { makePrivateFolder } from "../../controller/serve/private-file.ts";
import { writeGeneration, writeSecretReferences } from "../../controller/serve/tls-folder.ts";

/** What every proxy of a bench is started with. */
export interface EnvoyGround {
  readonly lab: Lab;
  readonly authority: Authority;
  readonly envoy: string;
  /** Wasm code of a filter that does nothing. */
  readonly noopFilter: string;
  /** Folder of a node's own files. */
  folderOf(node: string): string;
}

export class MeasuredEnvoy {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(
    readonly name: string,
    readonly log: string,
    child: ChildProcess,
  ) {
    this.#child = child;
    this.#exit = once(child, "exit");
  }

  /** Makes the node's namespace and guard, and starts its Envoy as the standalone controller does. */
  static async start(
    ground: EnvoyGround,
    plan: NodePlan,
    bootstrap: JsonObject,
    overlayCidrs: readonly string[],
  ): Promise<MeasuredEnvoy> {
    const { name, role, addresses } = plan;
    const folder = ground.folderOf(name);
    const tls = join(folder, "tls");
    await makePrivateFolder(folder);
    await writeSecretReferences(tls);
    await writeGeneration(tls, await ground.authority.issue(plan.identity));
    await writeFile(join(folder, "envoy.json"), JSON.stringify(bootstrap), { mode: 0o600 });
    await ground.lab.addNode({ name, addresses });
    await loadGuard(ground.lab, name, { role, overlayCidrs, interception: "Overlay" });
    const log = join(folder, "envoy.log");
    const output = openSync(log, "a", 0o600);
    const config = join(folder, "envoy.json");
    const options = ["-c", config, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"];
    const child = ground.lab.execIn(name, [ground.envoy, ...options], { stdio: ["ignore", output, output] });
    closeSync(output);
    return new MeasuredEnvoy(name, log, child);
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  /** Nanoseconds on a CPU since its start, over all threads. */
  cpuNs(): number {
    const threads = readdirSync(`/proc/${this.#child.pid}/task`);
    return threads.reduce((sum, thread) => sum + onCpu(`/proc/${this.#child.pid}/task/${thread}/schedstat`), 0);
  }
}

/** First field: nanoseconds on a CPU (Documentation/scheduler/sched-stats.rst). */
function onCpu(file: string): number {
  return Number(readFileSync(file, "utf8").split(" ")[0]);
}
