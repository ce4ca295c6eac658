import type { Member } from "../model/resources.ts";
import { type Facts, nameOf } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Pods that use their node's network: policies that select them by labels neither protect nor admit them. */
export function hostNetworkPods(facts: Facts): Finding[] {
  const selecting = new Map<string, string>();
  const note = (pods: readonly Member[], { kind, name }: { kind: string; name: string }) => {
    for (const pod of pods) if (!selecting.has(nameOf(pod))) selecting.set(nameOf(pod), `${kind} ${name}`);
  };
  for (const { origin, subject, rules } of facts.statements) {
    note(facts.hostPodsOf(subject), origin);
    for (const { peers = [] } of rules) {
      for (const peer of peers) if (peer.kind === "pods") note(facts.hostPodsOf(peer.pods), origin);
    }
  }
  return facts.world.pods
    .filter(({ hostNetwork }) => hostNetwork)
    .map((pod): Finding => {
      const policy = selecting.get(nameOf(pod));
      const message =
        policy === undefined
          ? "uses its node's network: no policy can select it"
          : `uses its node's network: ${policy} selects its labels but neither protects nor admits it; give it a network of its own, or name its node's address in an ipBlock`;
      const severity = policy === undefined ? "info" : "warning";
      return { code: "host-network-pod", severity, origin: pod.origin, path: ["spec", "hostNetwork"], message };
    });
}
