/** What the standalone controller needs of the machine that it runs on. */
import type { CompiledPolicy } from "../compile/compiled.ts";
import type { NodePlan } from "../emit/topology.ts";
import type { Place } from "../node/namespace.ts";

/** A node that runs: a namespace, its guard and its Envoy. */
export interface RunningNode {
  /** Process id of its Envoy; undefined between a crash and the next start. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

/** The Envoy that nodes run. */
export interface EnvoyProgram {
  readonly path: string;
  /** Its HTTP/2 codec has settings for stream resets. */
  readonly resetLimits: boolean;
}

export interface Machine {
  readonly envoy: EnvoyProgram;
  /** Address of the controller as nodes reach it, without port. */
  readonly controlAddress: string;
  /** Nodes share this machine's loopback: no namespaces, no capture, no guard. */
  readonly flat: boolean;
  /** Where commands of a node run. */
  readonly place: Place;
  /** Makes the node's surroundings and starts its Envoy with the bootstrap in `folder`. */
  start(plan: NodePlan, policy: CompiledPolicy, folder: string): Promise<RunningNode>;
  /** Runs a short command in a node's namespace; without namespaces there is nothing to run it in. */
  run(node: string, argv: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export interface MachineEvents {
  /** An Envoy ended by itself; it is started again. */
  crashed?(node: string, how: string, restartInMs: number): void;
  /** Something went wrong that needs no stop. */
  trouble?(message: string): void;
}
