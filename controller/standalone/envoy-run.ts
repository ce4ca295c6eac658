/** How a planned node's Envoy is run, wherever it runs. */
import { join } from "node:path";
import type { NodePlan } from "../emit/topology.ts";
import type { EnvoyRun, SupervisorEvents } from "../node/supervisor.ts";
import type { MachineEvents } from "./machine.ts";

/** The files of a node are in `folder`. */
export function envoyRun({ name, concurrency, adminSocket }: NodePlan, folder: string, program: string): EnvoyRun {
  return {
    node: name,
    program,
    config: join(folder, "envoy.json"),
    concurrency,
    adminSocket,
    log: join(folder, "envoy.log"),
  };
}

export function supervision(events: MachineEvents): SupervisorEvents {
  return {
    exited: (node, { code, signal, restartInMs, lastLines }) => {
      if (restartInMs === undefined) return;
      const how = signal ?? `exit code ${code}`;
      events.crashed?.(node, [how, ...lastLines].join("\n    "), restartInMs);
    },
  };
}
