/** ClusterNetworkPolicies and FlowPolicies as objects, for tests. */
import type { Origin } from "../../controller/model/resources.ts";

export const origin: Origin = { file: "policy.yaml", line: 1, kind: "ClusterNetworkPolicy", name: "x" };

export const ANY = { requirements: [] };
export const EVERYBODY = { namespaceSelector: ANY, podSelector: ANY };
/** What is left of a Deny or a Pass that can't be read. */
export const denyAll = (index = 0) => ({ index, name: "", action: "Deny" });

export const webSelector = { matchLabels: { app: "web" } };
export const WEB = {
  namespaceSelector: ANY,
  podSelector: { requirements: [{ key: "app", operator: "In", values: ["web"] }] },
};

/** Of the pods `WEB`, Admin, priority 10; fields of `spec` replace these. */
export function clusterPolicy(spec: object, rest: object = {}): Record<string, unknown> {
  return {
    apiVersion: "policy.networking.k8s.io/v1alpha2",
    kind: "ClusterNetworkPolicy",
    metadata: { name: "x" },
    spec: { tier: "Admin", priority: 10, subject: { pods: { podSelector: webSelector } }, ...spec },
    ...rest,
  };
}

/** Of the pods `WEB`, overlay o, priority 10; fields of `spec` replace these. */
export function flowPolicy(spec: object, rest: object = {}): Record<string, unknown> {
  return {
    apiVersion: "sallyport.dev/v1alpha1",
    kind: "FlowPolicy",
    metadata: { name: "x" },
    spec: { overlay: "o", priority: 10, subject: { podSelector: webSelector }, ...spec },
    ...rest,
  };
}
