/**
 * The standalone controller alone, whose nodes run somewhere else: its parent starts and stops them. Arguments: the
 * Envoy as JSON, lifetime of certificates in ms, `-f` resources, `--state` folder.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CompiledPolicy } from "../../../controller/compile/compiled.ts";
import { projectFolder } from "../../../controller/node/envoy.ts";
import { CONTROLLER_ADDRESS } from "../../../controller/node/link-plan.ts";
import { OpenPlace } from "../../../controller/node/namespace.ts";
import type { EnvoyProgram, Machine, PlannedNode, RunningNode } from "../../../controller/standalone/machine.ts";
import { unreadyNodes } from "../../../controller/standalone/readiness.ts";
import { Standalone } from "../../../controller/standalone/standalone.ts";
import { until } from "../../until.ts";
import type { Answer, Wish } from "./wishes.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: "string", short: "f" },
    state: { type: "string" },
  },
});

/** Asks the parent for nodes. */
class ParentMachine implements Machine {
  readonly controlAddress = CONTROLLER_ADDRESS;
  readonly flat = false;
  readonly place = new OpenPlace();
  readonly #waiting = new Map<number, () => void>();
  #next = 0;

  constructor(readonly envoy: EnvoyProgram) {
    process.on("message", ({ id }: Answer) => {
      this.#waiting.get(id)?.();
      this.#waiting.delete(id);
    });
  }

  async start({ plan, policy }: PlannedNode, folder: string): Promise<RunningNode> {
    const { name } = plan;
    // Of the policy only this is needed, and the rest is large.
    const { overlay } = policy;
    await this.#wish({ name, start: { plan, policy: { overlay } as CompiledPolicy, folder } });
    return { pid: () => undefined, stop: () => this.#wish({ name }) };
  }

  /** The parent's nodes stay as long as it lives. */
  async keepOnly(): Promise<void> {}

  run(): Promise<string> {
    throw new Error("nobody runs commands here");
  }

  async close(): Promise<void> {}

  #wish(wish: Omit<Wish, "id">): Promise<void> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      process.send?.({ ...wish, id });
    });
  }
}

const standalone = await Standalone.open({
  folder: values.file as string,
  stateFolder: values.state as string,
  codeFolder: join(projectFolder(), "build", "wasm"),
  machine: new ParentMachine(JSON.parse(positionals[0] as string)),
  events: {
    programmed: (generation) => console.log(`all nodes run generation ${generation}`),
    trouble: (message) => console.log(message),
  },
  certificateLifetimeMs: Number(positionals[1]),
});
await standalone.reload();
await until(async () => (await unreadyNodes(standalone)).length === 0, "every node to be ready", 60_000);
console.log("ready: every node runs its image");
// Orders come by editing and starting anew.
process.once("disconnect", () => process.exit(0));
