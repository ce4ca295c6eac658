/** Nodes in network namespaces of their own: captured, guarded, and gone with this process. */
import type { CompiledPolicy } from "../compile/compiled.ts";
import type { NodePlan } from "../emit/topology.ts";
import { loadGuard } from "../node/guard.ts";
import { CONTROLLER_ADDRESS } from "../node/link-plan.ts";
import type { Lab } from "../node/namespace.ts";
import { Supervisor } from "../node/supervisor.ts";
import { envoyRun, supervision } from "./envoy-run.ts";
import type { EnvoyProgram, Machine, MachineEvents, RunningNode } from "./machine.ts";

export class LabMachine implements Machine {
  readonly controlAddress = CONTROLLER_ADDRESS;
  readonly flat = false;
  readonly place: Lab;
  readonly envoy: EnvoyProgram;
  readonly #events: MachineEvents;

  constructor(lab: Lab, envoy: EnvoyProgram, events: MachineEvents = {}) {
    this.place = lab;
    this.envoy = envoy;
    this.#events = events;
  }

  async start(plan: NodePlan, { overlay }: CompiledPolicy, folder: string): Promise<RunningNode> {
    const { name, role, addresses } = plan;
    await this.place.addNode({ name, addresses });
    // Before the proxy, and before any app: a connection from before the rules would bypass the overlay.
    await loadGuard(this.place, name, { role, overlayCidrs: overlay.cidr, interception: overlay.interception });
    const supervisor = new Supervisor(envoyRun(plan, folder, this.envoy.path), this.place, {
      events: supervision(this.#events),
    });
    await supervisor.start();
    return {
      pid: () => supervisor.pid,
      stop: async () => {
        await supervisor.stop();
        await this.place.removeNode(name);
      },
    };
  }

  run(node: string, argv: readonly string[]): Promise<string> {
    return this.place.run(node, argv);
  }

  close(): Promise<void> {
    return this.place.close();
  }
}
