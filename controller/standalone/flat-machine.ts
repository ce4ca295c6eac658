/**
 * For machines that allow no network namespaces: nodes live on loopback addresses of this machine. Nothing is captured
 * and nothing guarded, so policy holds for what goes through the proxies and for nothing else.
 */
import { OpenPlace } from "../node/namespace.ts";
import { Supervisor } from "../node/supervisor.ts";
import { envoyRun, supervision } from "./envoy-run.ts";
import type { EnvoyProgram, Machine, MachineEvents, PlannedNode, RunningNode } from "./machine.ts";

/** What is not enforced then, in words for operators. */
export const NOT_ENFORCED =
  "not enforced without namespaces: apps aren't captured (they name their destination by the PROXY protocol at :15041) " +
  "and nothing keeps a process of this machine from connecting to an app past its proxy";

export class FlatMachine implements Machine {
  readonly controlAddress = "127.254.15.44";
  readonly flat = true;
  readonly place = new OpenPlace();
  readonly envoy: EnvoyProgram;
  readonly #events: MachineEvents;

  constructor(envoy: EnvoyProgram, events: MachineEvents = {}) {
    this.envoy = envoy;
    this.#events = events;
  }

  async start({ plan }: PlannedNode, folder: string): Promise<RunningNode> {
    const supervisor = new Supervisor(envoyRun(plan, folder, this.envoy.path), this.place, {
      events: supervision(this.#events),
    });
    await supervisor.start();
    return { pid: () => supervisor.pid, stop: () => supervisor.stop() };
  }

  async keepOnly(): Promise<void> {}

  async run(): Promise<string> {
    throw new Error("there is no namespace to run a command in");
  }

  async close(): Promise<void> {}
}
