/** Nodes in network namespaces of their own: captured, guarded, and gone with this process. */
import { join } from "node:path";
import type { CompiledPolicy } from "../compile/compiled.ts";
import type { NodePlan } from "../emit/topology.ts";
import { loadGuard } from "../node/guard.ts";
import { CONTROLLER_ADDRESS } from "../node/link-plan.ts";
import type { Lab } from "../node/namespace.ts";
import { type EnvoyRun, Supervisor, type SupervisorEvents } from "../node/supervisor.ts";
import type { Machine, MachineEvents, RunningNode } from "./machine.ts";

export class LabMachine implements Machine {
  readonly controlAddress = CONTROLLER_ADDRESS;
  readonly flat = false;
  readonly place: Lab;
  readonly #envoy: string;
  readonly #events: MachineEvents;

  constructor(lab: Lab, envoy: string, events: MachineEvents = {}) {
    this.place = lab;
    this.#envoy = envoy;
    this.#events = events;
  }

  async start(plan: NodePlan, { overlay }: CompiledPolicy, folder: string): Promise<RunningNode> {
    const { name, role, addresses } = plan;
    await this.place.addNode({ name, addresses });
    // Before the proxy, and before any app: a connection from before the rules would bypass the overlay.
    await loadGuard(this.place, name, { role, overlayCidrs: overlay.cidr, interception: overlay.interception });
    const supervisor = new Supervisor(envoyRun(plan, folder, this.#envoy), this.place, { events: supervision(this.#events) });
    await supervisor.start();
    return {
      pid: () => supervisor.pid,
      stop: async () => {
        await supervisor.stop();
        await this.place.removeNode(name);
      },
    };
  }
}

function envoyRun({ name, concurrency }: NodePlan, folder: string, program: string): EnvoyRun {
  return {
    node: name,
    program,
    config: join(folder, "envoy.json"),
    concurrency,
    adminSocket: join(folder, "admin.sock"),
    log: join(folder, "envoy.log"),
  };
}

function supervision(events: MachineEvents): SupervisorEvents {
  return {
    exited: (node, { code, signal, restartInMs, lastLines }) => {
      if (restartInMs === undefined) return;
      const how = signal ?? `exit code ${code}`;
      events.crashed?.(node, [how, ...lastLines].join("\n    "), restartInMs);
    },
  };
}
