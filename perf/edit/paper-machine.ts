/** A machine on which nodes are only planned: their certificates are written, and nothing runs. */

import { OpenPlace } from "../../controller/node/namespace.ts";
import type { Machine, PlannedNode, RunningNode } from "../../controller/standalone/machine.ts";
import type { PolledNode } from "./polling-nodes.ts";

export class PaperMachine implements Machine {
  readonly envoy = { path: "", resetLimits: true };
  readonly controlAddress = "127.0.0.1";
  readonly flat = false;
  readonly place = new OpenPlace();
  readonly nodes: PolledNode[] = [];

  async start({ plan, policy }: PlannedNode, folder: string): Promise<RunningNode> {
    this.nodes.push({ nodeId: plan.nodeId, overlay: policy.overlay.id, role: plan.role, folder });
    return { pid: () => undefined, stop: async () => {} };
  }

  async keepOnly(): Promise<void> {}

  async run(): Promise<string> {
    return "";
  }

  async close(): Promise<void> {}
}
