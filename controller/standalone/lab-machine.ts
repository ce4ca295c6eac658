/** Nodes in network namespaces of their own: captured, guarded, and gone with this process. */
import { openSync } from "node:fs";
import { join } from "node:path";
import type { CompiledPolicy } from "../compile/compiled.ts";
import type { NodePlan } from "../emit/topology.ts";
import { loadGuard } from "../node/guard.ts";
import { CONTROLLER_ADDRESS } from "../node/link-plan.ts";
import type { Lab } from "../node/namespace.ts";
import type { Machine, RunningNode } from "./machine.ts";

export class LabMachine implements Machine {
  readonly controlAddress = CONTROLLER_ADDRESS;
  readonly flat = false;

  constructor(
    private readonly lab: Lab,
    private readonly envoy: string,
  ) {}

  async start(plan: NodePlan, { overlay }: CompiledPolicy, folder: string): Promise<RunningNode> {
    const { name, role, addresses } = plan;
    await this.lab.addNode({ name, addresses });
    await loadGuard(this.lab, name, { role, overlayCidrs: overlay.cidr, interception: overlay.interception });
    const log = openSync(join(folder, "envoy.log"), "a", 0o600);
    const child = this.lab.execIn(name, [this.envoy, "-c", join(folder, "envoy.json"), "--disable-hot-restart", "--concurrency", String(plan.concurrency), "--log-level", "warning", "--component-log-level", "wasm:info"], { stdio: ["ignore", log, log] });
    return { stop: async () => { child.kill(); await this.lab.removeNode(name); } };
  }
}
