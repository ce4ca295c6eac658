/** A machine on which nodes are only planned: their certificates are written, and nothing runs. */

import type { CompiledPolicy } from "../../controller/compile/compiled.ts";
import type { NodePlan } from "../../controller/emit/topology.ts";
import { OpenPlace } from "../../controller/node/namespace.ts";
import type { Machine, RunningNode } from "../../controller/standalone/machine.ts";
import type { PolledNode } from "./polling-nodes.ts";

export class PaperMachine implements Machine {
  readonly envoy = { path: "", resetLimits: true };
  readonly controlAddress = "127.0.0.1";
  readonly flat = false;
  readonly place = new OpenPlace();
  readonly nodes: PolledNode[] = [];

  async start(plan: NodePlan, policy: CompiledPolicy, folder: string): Promise<RunningNode> {
    this.nodes.push({ nodeId: plan.nodeId, overlay: policy.overlay.id, role: plan.role, folder });
    return { pid: () => undefined, stop: async () => {} };
  }

  async run(): Promise<string> {
    return "";
  }

  async close(): Promise<void> {}
}
