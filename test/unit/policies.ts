/** NetworkPolicies as objects, for tests. */
import type { Origin, Selector } from "../../controller/model/resources.ts";

export const origin: Origin = { file: "policy.yaml", line: 1, kind: "NetworkPolicy", name: "shop/web" };
export const app = (value: string) => ({ matchLabels: { app: value } });
export const selected = (value: string): Selector => ({
  requirements: [{ key: "app", operator: "In", values: [value] }],
});

export function policy(spec: unknown, rest: object = {}): unknown {
  const metadata = { namespace: "shop", name: "web" };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec, ...rest };
}
