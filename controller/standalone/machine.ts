/** What the standalone controller needs of the machine that it runs on. */
import type { CompiledPolicy } from "../compile/compiled.ts";
import type { NodePlan } from "../emit/topology.ts";
import type { Place } from "../node/namespace.ts";

/** A plan with the policy of its overlay. */
export interface PlannedNode {
  readonly plan: NodePlan;
  readonly policy: CompiledPolicy;
}

/** A node's Envoy, as it runs in the node's surroundings: a namespace and its guard. */
export interface RunningNode {
  /** Process id of its Envoy; undefined between a crash and the next start. */
  pid(): number | undefined;
  /** Ends the Envoy. The surroundings stay: apps may live in them. */
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
  /** Starts a node's Envoy with the bootstrap in `folder`, in its surroundings; makes them if there are none. */
  start(node: PlannedNode, folder: string): Promise<RunningNode>;
  /** Takes the surroundings of all other nodes away, and of these where they aren't what the plan needs. */
  keepOnly(nodes: readonly PlannedNode[]): Promise<void>;
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
