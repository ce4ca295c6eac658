/** Workloads whose pods must start again: done if asked for, else said. */
import type { Json } from "../check/json.ts";
import { type LoadedRules, loadedRules } from "../check/loaded-rules.ts";
import { workloadOf } from "../check/opted-in.ts";
import type { RolloutCluster } from "../kube/rollout-cluster.ts";

export class Restarts {
  constructor(
    private readonly cluster: RolloutCluster,
    private readonly isAsked: boolean,
    private readonly say: (step: string, text: string) => void,
  ) {}

  /** Does it, or says how. */
  async ask(workloads: readonly string[], when = "and it waits for you"): Promise<void> {
    for (const workload of workloads) {
      const isDone = this.isAsked && (await this.cluster.restart(workload, new Date()));
      const how = workload.startsWith("pod/")
        ? `delete and create ${workload}`
        : `kubectl -n ${this.cluster.namespace} rollout restart ${workload}`;
      this.say("restart", isDone ? `${workload} restarts` : `needed, ${when}: ${how}`);
    }
  }

  /** Workloads of which pods have loaded such rules, each once. */
  async withRules(...rules: readonly LoadedRules[]): Promise<string[]> {
    const pods: readonly Json[] = await this.cluster.pods();
    return [...new Set(pods.filter((pod) => rules.includes(loadedRules(pod))).map(workloadOf))].sort();
  }

  /** Between its old pod's end and its new pod's beginning a workload has none. */
  async areBack(workloads: readonly string[]): Promise<boolean> {
    const there = new Set((await this.cluster.pods()).map(workloadOf));
    return workloads.every((workload) => there.has(workload));
  }
}
