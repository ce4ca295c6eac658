/** Nodes in network namespaces of their own: captured, guarded, and gone with this process. */
import type { GuardFacts } from "../emit/guard.ts";
import { loadGuard } from "../node/guard.ts";
import { CONTROLLER_ADDRESS } from "../node/link-plan.ts";
import type { Lab, LabNode } from "../node/namespace.ts";
import { Supervisor } from "../node/supervisor.ts";
import { envoyRun, supervision } from "./envoy-run.ts";
import type { EnvoyProgram, Machine, MachineEvents, PlannedNode, RunningNode } from "./machine.ts";

/** What a node needs around its Envoy. */
interface Surroundings {
  readonly network: LabNode;
  readonly guard: GuardFacts;
}

export class LabMachine implements Machine {
  readonly controlAddress = CONTROLLER_ADDRESS;
  readonly flat = false;
  readonly place: Lab;
  readonly envoy: EnvoyProgram;
  readonly #events: MachineEvents;
  /** Prints of the surroundings that are there, by node. */
  readonly #made = new Map<string, string>();

  constructor(lab: Lab, envoy: EnvoyProgram, events: MachineEvents = {}) {
    this.place = lab;
    this.envoy = envoy;
    this.#events = events;
  }

  async start(node: PlannedNode, folder: string): Promise<RunningNode> {
    if (!this.#made.has(node.plan.name)) await this.#make(surroundingsOf(node));
    const supervisor = new Supervisor(envoyRun(node.plan, folder, this.envoy.path), this.place, {
      events: supervision(this.#events),
    });
    await supervisor.start();
    return { pid: () => supervisor.pid, stop: () => supervisor.stop() };
  }

  /**
   * A node that is only restarted keeps its network, and so its apps live on. Not where other destinations are captured
   * from now on: an app's open connection to one of them would go on past the proxy.
   */
  async keepOnly(nodes: readonly PlannedNode[]): Promise<void> {
    const wanted = new Map(nodes.map((node) => [node.plan.name, print(surroundingsOf(node))]));
    const others = [...this.#made].filter(([name, made]) => wanted.get(name) !== made);
    await Promise.all(others.map(([name]) => this.#remove(name)));
  }

  run(node: string, argv: readonly string[]): Promise<string> {
    return this.place.run(node, argv);
  }

  close(): Promise<void> {
    return this.place.close();
  }

  async #make(surroundings: Surroundings): Promise<void> {
    const { network, guard } = surroundings;
    await this.place.addNode(network);
    // Whatever happens now, it is there and must be removed some day.
    this.#made.set(network.name, "");
    // Before the proxy, and before any app: a connection from before the rules would bypass the overlay.
    await loadGuard(this.place, network.name, guard);
    this.#made.set(network.name, print(surroundings));
  }

  async #remove(name: string): Promise<void> {
    this.#made.delete(name);
    await this.place.removeNode(name);
  }
}

function surroundingsOf({ plan: { name, role, addresses }, policy: { overlay } }: PlannedNode): Surroundings {
  const guard = { role, overlayCidrs: overlay.cidr, interception: overlay.interception };
  return { network: { name, addresses }, guard };
}

function print(surroundings: Surroundings): string {
  return JSON.stringify(surroundings);
}
