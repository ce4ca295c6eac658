/** A realistic world in which, apart from what its generator allows, one application of each namespace calls another. */
import type { NetworkPolicy, OverlayEndpoint, PolicyRule, Selector, World } from "../../controller/model/resources.ts";
import { realisticWorld } from "../worlds.ts";

export const CALL_PORT = 8080;
/** Who may call whom within a namespace, by the label `app`. */
const CALLER = "app-0";
const CALLEE = "app-1";
const MOST_POLICIES = 10_000;

export interface CallWorld {
  readonly world: World;
  /** Callers and callees by namespace: each of the one may call each of the other. */
  readonly calls: readonly {
    readonly callers: readonly OverlayEndpoint[];
    readonly callees: readonly OverlayEndpoint[];
  }[];
}

/** As many policies as endpoints, but no more than 10,000; 20 endpoints a namespace, 200 at 100,000. */
export function callWorld(endpoints: number): CallWorld {
  const policies = Math.min(endpoints, MOST_POLICIES);
  const namespaces = Math.ceil(policies / 20);
  const base = realisticWorld({ endpoints, policies, namespaces, seed: 1 });
  const world = { ...base, policies: [...base.policies, ...base.namespaces.flatMap(({ name }) => callPolicies(name))] };
  const groups = new Map(
    base.namespaces.map(({ name }) => [name, { callers: [] as OverlayEndpoint[], callees: [] as OverlayEndpoint[] }]),
  );
  for (const endpoint of base.endpoints) {
    const group = groups.get(endpoint.namespace);
    if (endpoint.labels.app === CALLER) group?.callers.push(endpoint);
    if (endpoint.labels.app === CALLEE) group?.callees.push(endpoint);
  }
  return {
    world,
    calls: [...groups.values()].filter(({ callers, callees }) => callers.length > 0 && callees.length > 0),
  };
}

function callPolicies(namespace: string): NetworkPolicy[] {
  const named = (name: string, selected: string, more: Partial<NetworkPolicy>): NetworkPolicy => {
    return {
      origin: { file: "generated", line: 1, kind: "NetworkPolicy", name: `${namespace}/${name}` },
      namespace,
      name,
      podSelector: app(selected),
      ...more,
    };
  };
  return [named("call", CALLER, { egress: [rule(CALLEE)] }), named("called", CALLEE, { ingress: [rule(CALLER)] })];
}

function rule(peer: string): PolicyRule {
  return { index: 0, peers: [{ kind: "pods", podSelector: app(peer) }], ports: [{ protocol: "TCP", port: CALL_PORT }] };
}

function app(name: string): Selector {
  return { requirements: [{ key: "app", operator: "In", values: [name] }] };
}
