/** The policies of a world as rules of Envoy's own RBAC filter at the gateway, one for each NetworkPolicy rule. */
import type { JsonObject } from "../../controller/emit/envoy.ts";
import type {
  NetworkPolicy,
  OverlayEndpoint,
  PodPeer,
  PolicyPort,
  PolicyRule,
  Selector,
  World,
} from "../../controller/model/resources.ts";
import { selects } from "../../controller/model/selectors.ts";
import { rbacFilter } from "./rewrite.ts";

/**
 * Two filters, because a flow needs the source's egress and the destination's ingress. Who calls is told by the SPIFFE
 * id of the TLS peer, what is called by the authority of the CONNECT. Only allowances between members over TCP are
 * written: default deny is what RBAC does anyway, and a flow from or to outside of the overlay never comes here.
 */
export function rbacFilters(world: World): JsonObject[] {
  const members = new Members(world);
  return (["egress", "ingress"] as const).map((direction) => {
    const rules = world.policies.flatMap((policy, i) => (policy[direction] ?? []).map((rule) => ({ i, policy, rule })));
    const policies = rules.flatMap(({ i, policy, rule }) => {
      const subject = members.of(policy.namespace, policy.podSelector);
      const peers = (rule.peers ?? []).flatMap((peer) => (peer.kind === "pods" ? members.ofPeer(policy, peer) : []));
      const [from, to] = direction === "egress" ? [subject, peers] : [peers, subject];
      const written = rbacPolicy(from, to, rule);
      // Envoy tries policies in the order of their names: here the order of the world.
      const name = `${String(i).padStart(6, "0")} ${policy.namespace}/${policy.name} ${rule.index}`;
      return written === undefined ? [] : [[name, written] as const];
    });
    return rbacFilter(`rbac.${direction}`, Object.fromEntries(policies));
  });
}

function rbacPolicy(
  from: readonly OverlayEndpoint[],
  to: readonly OverlayEndpoint[],
  rule: PolicyRule,
): JsonObject | undefined {
  const ports = rule.ports?.filter(({ protocol }) => protocol === "TCP");
  if (from.length === 0 || to.length === 0 || ports?.length === 0) return undefined;
  const identities = [...new Set(from.map(({ identity }) => identity))];
  return {
    principals: identities.map((exact) => ({ authenticated: { principal_name: { exact } } })),
    permissions: (ports ?? [undefined]).map((port) => permission(to, port)),
  };
}

function permission(to: readonly OverlayEndpoint[], port: PolicyPort | undefined): JsonObject {
  const addresses = to.flatMap((endpoint) => endpoint.addresses.map((address) => ({ endpoint, address })));
  if (typeof port?.port === "string") {
    const named = addresses.flatMap(({ endpoint, address }) => {
      const found = endpoint.ports.find(({ name, protocol }) => name === port.port && protocol === "TCP");
      return found === undefined ? [] : [authority({ exact: `${address}:${found.port}` })];
    });
    return anyOf(named);
  }
  const hosts = anyOf(addresses.map(({ address }) => authority({ prefix: `${address}:` })));
  if (port?.port === undefined) return hosts;
  const first = port.port;
  const numbers = Array.from({ length: (port.endPort ?? first) - first + 1 }, (_, i) => first + i);
  return { and_rules: { rules: [hosts, anyOf(numbers.map((number) => authority({ suffix: `:${number}` })))] } };
}

function anyOf(rules: readonly JsonObject[]): JsonObject {
  return { or_rules: { rules } };
}

function authority(match: JsonObject): JsonObject {
  return { header: { name: ":authority", string_match: match } };
}

/** Endpoints by what policies select. */
class Members {
  readonly #byNamespace = new Map<string, OverlayEndpoint[]>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    for (const { name } of world.namespaces) this.#byNamespace.set(name, []);
    for (const endpoint of world.endpoints) this.#byNamespace.get(endpoint.namespace)?.push(endpoint);
  }

  of(namespace: string, selector: Selector): OverlayEndpoint[] {
    return (this.#byNamespace.get(namespace) ?? []).filter(({ labels }) => selects(selector, labels));
  }

  ofPeer(policy: NetworkPolicy, { namespaceSelector, podSelector }: PodPeer): OverlayEndpoint[] {
    if (namespaceSelector === undefined) return this.of(policy.namespace, podSelector);
    const chosen = this.#world.namespaces.filter(({ labels }) => selects(namespaceSelector, labels));
    return chosen.flatMap(({ name }) => this.of(name, podSelector));
  }
}
