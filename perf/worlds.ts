import {
  EMPTY_WORLD,
  type Labels,
  type Namespace,
  type NetworkPolicy,
  type Origin,
  type OverlayEndpoint,
  type Peer,
  type PolicyRule,
  type Requirement,
  type Selector,
  type World,
} from "../controller/model/resources.ts";

/** How large a generated world is. The same size and seed give the same world. */
export interface WorldSize {
  readonly endpoints: number;
  readonly policies: number;
  readonly namespaces: number;
  readonly seed: number;
}

export const OVERLAY = "bench";
const REPLICAS = 4;
const TEAMS = 25;

/**
 * A cluster as people run them: deployments of four replicas that share their labels; in each namespace a default
 * deny, DNS, and rules between applications, from the ingress controllers, from monitoring (a named port), to other
 * teams' namespaces, and to the outside.
 */
export function realisticWorld(size: WorldSize): World {
  const random = mulberry32(size.seed);
  const appsIn = Math.max(1, Math.ceil(size.endpoints / size.namespaces / REPLICAS));
  const namespaces = Array.from({ length: size.namespaces }, (_, n) => realisticNamespace(n));
  const endpoints = Array.from({ length: size.endpoints }, (_, i) => {
    const app = Math.floor(i / size.namespaces) % appsIn;
    const labels = {
      app: `app-${app}`,
      tier: TIERS[app % TIERS.length] as string,
      "pod-template-hash": hex(app),
      instance: `i-${i}`,
    };
    return endpoint(i, namespaceName(i % size.namespaces), labels, 8000 + app);
  });
  const policies = Array.from({ length: size.policies }, (_, p) => {
    const policyIndex = Math.floor(p / size.namespaces);
    return realisticPolicy(p % size.namespaces, policyIndex, appsIn, size.namespaces, random);
  });
  return world(endpoints, namespaces, policies);
}

/**
 * A cluster made to be hard: every endpoint has a label of its own, every policy selects one endpoint and names labels,
 * addresses and ports that no other policy names. Of eight policies three name a single peer, two all peers but one,
 * two an outside block of their own, and one half of all endpoints.
 */
export function adversarialWorld(size: WorldSize): World {
  const namespaces = Array.from({ length: size.namespaces }, (_, n) => ({
    name: namespaceName(n),
    labels: nameLabel(n),
  }));
  const endpoints = Array.from({ length: size.endpoints }, (_, i) => {
    return endpoint(
      i,
      namespaceName(i % size.namespaces),
      { id: `id-${i}`, half: `half-${(i >>> 3) & 1}` },
      8000 + (i % 8),
    );
  });
  const policies = Array.from({ length: size.policies }, (_, p) => adversarialPolicy(p, size));
  return world(endpoints, namespaces, policies);
}

const TIERS = ["web", "api", "worker", "data"];

function realisticNamespace(n: number): Namespace {
  return {
    name: namespaceName(n),
    labels: { ...nameLabel(n), team: `team-${n % TEAMS}`, env: n % 5 === 0 ? "staging" : "production" },
  };
}

function realisticPolicy(
  n: number,
  index: number,
  apps: number,
  namespaces: number,
  random: () => number,
): NetworkPolicy {
  const pick = (limit: number) => Math.floor(random() * limit);
  const named = (name: string, podSelector: Selector, rules: Partial<Record<"ingress" | "egress", PolicyRule[]>>) => {
    return {
      origin: origin("NetworkPolicy", `${namespaceName(n)}/${name}`),
      namespace: namespaceName(n),
      name,
      podSelector,
      ...rules,
    };
  };
  const target = equal({ app: `app-${pick(apps)}` });
  const name = `p-${String(index).padStart(3, "0")}`;
  if (index === 0) return named("default-deny", EVERYTHING, { ingress: [], egress: [] });
  if (index === 1) {
    const dns: Peer = { kind: "pods", namespaceSelector: equal(nameLabel(0)), podSelector: equal({ app: "app-0" }) };
    return named("dns", EVERYTHING, { egress: [rule([dns], [53, 53], "UDP")] });
  }
  if (index === 2) {
    const scraper: Peer = {
      kind: "pods",
      namespaceSelector: equal(nameLabel(1 % namespaces)),
      podSelector: equal({ app: "app-1" }),
    };
    return named("metrics", EVERYTHING, {
      ingress: [{ index: 0, peers: [scraper], ports: [{ protocol: "TCP", port: "metrics" }] }],
    });
  }
  switch (index % 6) {
    case 0:
      return named(name, target, {
        ingress: [rule([neighbour(pick(apps)), neighbour(pick(apps))], [8000 + pick(apps), 0])],
      });
    case 1:
      return named(name, target, { egress: [rule([neighbour(pick(apps))], [8000 + pick(apps), 0])] });
    case 2:
      return named(name, target, {
        ingress: [
          rule(
            [{ kind: "pods", namespaceSelector: equal(nameLabel(2 % namespaces)), podSelector: EVERYTHING }],
            [8080, 0],
          ),
        ],
      });
    case 3: {
      const team: Peer = {
        kind: "pods",
        namespaceSelector: equal({ team: `team-${pick(TEAMS)}` }),
        podSelector: equal({ tier: TIERS[pick(4)] as string }),
      };
      return named(name, target, { ingress: [rule([team], [8000, 8010])] });
    }
    case 4: {
      const outside: Peer = { kind: "block", cidr: "0.0.0.0/0", except: ["10.0.0.0/8", "192.168.0.0/16"] };
      return named(name, target, { egress: [rule([outside], [443, 0])] });
    }
    default: {
      const partner: Peer = { kind: "block", cidr: `203.0.${pick(64)}.0/24`, except: [] };
      return named(name, target, { egress: [rule([partner], [443, 0])], ingress: [rule([partner], [8443, 0])] });
    }
  }
}

function adversarialPolicy(p: number, { endpoints, namespaces }: WorldSize): NetworkPolicy {
  const subject = p % endpoints;
  const namespace = namespaceName(subject % namespaces);
  const peers = [adversarialPeer(p, endpoints)];
  const port = 1024 + (p % 60000);
  const name = `p-${p}`;
  return {
    origin: origin("NetworkPolicy", `${namespace}/${name}`),
    namespace,
    name,
    podSelector: equal({ id: `id-${subject}` }),
    ingress: [rule(peers, [port, port + 7])],
    egress: [rule(peers, [port, 0]), { index: 1, peers, ports: [{ protocol: "TCP", port: "main" }] }],
  };
}

function adversarialPeer(p: number, endpoints: number): Peer {
  const id = `id-${(p * 7919) % endpoints}`;
  const pods = (podSelector: Selector): Peer => ({ kind: "pods", namespaceSelector: EVERYTHING, podSelector });
  if (p % 8 < 3) return pods(equal({ id }));
  if (p % 8 < 5) return pods({ requirements: [{ key: "id", operator: "NotIn", values: [id] }] });
  if (p % 8 < 7) return { kind: "block", cidr: `198.${18 + (p >>> 16)}.${(p >>> 8) & 255}.${p & 255}/32`, except: [] };
  return pods(equal({ half: `half-${(p >>> 3) & 1}` }));
}

function neighbour(app: number): Peer {
  return { kind: "pods", podSelector: equal({ app: `app-${app}` }) };
}

/** One rule for the ports `from`..`to`, or just `from` if `to` is 0. */
function rule(
  peers: readonly Peer[],
  [from, to]: readonly [number, number],
  protocol: "TCP" | "UDP" = "TCP",
): PolicyRule {
  return { index: 0, peers, ports: [{ protocol, port: from, ...(to > from ? { endPort: to } : {}) }] };
}

const EVERYTHING: Selector = { requirements: [] };

function equal(labels: Labels): Selector {
  return {
    requirements: Object.entries(labels).map(([key, value]): Requirement => ({ key, operator: "In", values: [value] })),
  };
}

function nameLabel(n: number): Labels {
  return { "kubernetes.io/metadata.name": namespaceName(n) };
}

function namespaceName(n: number): string {
  return `ns-${n}`;
}

function endpoint(i: number, namespace: string, labels: Labels, port: number): OverlayEndpoint {
  const name = `e-${i}`;
  const identity = `spiffe://bench/ns/${namespace}/sa/${labels.app ?? name}`;
  return {
    origin: origin("OverlayEndpoint", name),
    name,
    overlay: OVERLAY,
    namespace,
    labels,
    addresses: [`10.${64 + (i >>> 16)}.${(i >>> 8) & 255}.${i & 255}`],
    ports: [
      { name: "main", protocol: "TCP", port },
      { name: "metrics", protocol: "TCP", port: 9090 },
    ],
    identity,
  };
}

function world(endpoints: OverlayEndpoint[], namespaces: Namespace[], policies: NetworkPolicy[]): World {
  const names = ["edge-a", "edge-b"];
  return {
    ...EMPTY_WORLD,
    overlays: [
      {
        origin: origin("Overlay", OVERLAY),
        name: OVERLAY,
        id: 1,
        cidr: ["10.64.0.0/10"],
        path: names,
        isolation: "DefaultDeny",
        enforcement: "Enforce",
        interception: "Overlay",
        podOptOut: "Refuse",
        keys: { epochSeconds: 3600, horizon: 6, keyGeneration: 0 },
      },
    ],
    gateways: names.map((name, i) => ({
      origin: origin("OverlayGateway", name),
      name,
      overlays: [OVERLAY],
      addresses: [`10.0.0.${i + 1}:15042`],
      identity: `spiffe://bench/gateway/${name}`,
    })),
    endpoints,
    namespaces,
    policies,
  };
}

function origin(kind: string, name: string): Origin {
  return { file: "generated", line: 1, kind, name };
}

function hex(value: number): string {
  return Math.imul(value + 1, 0x9e3779b1)
    .toString(16)
    .replace("-", "f");
}

/** A small random generator of full period; the same on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
