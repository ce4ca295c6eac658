/** One Envoy in a network namespace of its own, and what it has cost so far. */
import { openSync, readdirSync, readFileSync } from "node:fs";
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
  /** Folder of a node's own files. */
  folderOf(node: string): string;
}

export class MeasuredEnvoy {
  readonly #pid: number;
  #ended = false;

  private constructor(
    readonly name: string,
    readonly log: string,
    child: { readonly pid?: number | undefined; once(event: "exit", listener: () => void): unknown },
  ) {
    this.#pid = child.pid as number;
    child.once("exit", () => {
      this.#ended = true;
    });
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
    const options = [
      "-c",
      join(folder, "envoy.json"),
      "--disable-hot-restart",
      "--concurrency",
      "1",
      "--log-level",
      "warning",
    ];
    return new MeasuredEnvoy(
      name,
      log,
      ground.lab.execIn(name, [ground.envoy, ...options], { stdio: ["ignore", output, output] }),
    );
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Nanoseconds on a CPU since its start, over all threads. */
  cpuNs(): number {
    const threads = readdirSync(`/proc/${this.#pid}/task`);
    return threads.reduce((sum, thread) => sum + onCpu(`/proc/${this.#pid}/task/${thread}/schedstat`), 0);
  }

  /** Resident memory, bytes. */
  memoryBytes(): number {
    const pages = readFileSync(`/proc/${this.#pid}/statm`, "utf8").split(" ")[1];
    return Number(pages) * 4096;
  }
}

/** First field: nanoseconds on a CPU (Documentation/scheduler/sched-stats.rst). */
function onCpu(file: string): number {
  return Number(readFileSync(file, "utf8").split(" ")[0]);
}
