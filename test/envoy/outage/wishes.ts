/** What the controller and the machine of an outage test tell each other. */
import type { CompiledPolicy } from "../../../controller/compile/compiled.ts";
import type { NodePlan } from "../../../controller/emit/topology.ts";

/** Start a node, or stop it if `start` is absent. */
export interface Wish {
  readonly id: number;
  readonly name: string;
  readonly start?: { readonly plan: NodePlan; readonly policy: CompiledPolicy; readonly folder: string };
}

/** It is done. */
export interface Answer {
  readonly id: number;
}
