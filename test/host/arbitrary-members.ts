import fc from "fast-check";
import type { Node, Pod } from "../../controller/model/cluster.ts";
import type { Labels, Namespace, OverlayEndpoint, World } from "../../controller/model/resources.ts";
import { containerPorts, labels, namedPorts } from "./arbitrary-selectors.ts";
import { MEMBER_ADDRESSES, NAMESPACES, NODE_ADDRESSES, origin, SERVICE_ACCOUNTS } from "./vocabulary.ts";

const OVERLAY_LABEL = "sallyport.dev/overlay";

const nodes: fc.Arbitrary<Node[]> = fc
  .record({ labels: fc.array(labels, { maxLength: 2 }), addresses: fc.shuffledSubarray(NODE_ADDRESSES) })
  .map(({ labels, addresses }) =>
    labels.map((own, i) => {
      const name = `n${i}`;
      return {
        origin: origin("Node", name),
        name,
        labels: own,
        addresses: addresses.filter((_, a) => a % labels.length === i),
      };
    }),
  );

interface MemberFacts {
  readonly kind: "endpoint" | "pod" | "host" | "ended";
  readonly namespace: string;
  readonly labels: Labels;
  readonly addresses: number;
  readonly ports: OverlayEndpoint["ports"];
  readonly account: string;
  /** Of an endpoint; a pod's is that of its namespace. */
  readonly overlay: string;
}

const memberFacts: fc.Arbitrary<MemberFacts> = fc
  .constantFrom("endpoint", "pod", "pod", "host", "ended")
  .chain((kind) =>
    fc.record({
      kind: fc.constant(kind as MemberFacts["kind"]),
      namespace: fc.constantFrom(...NAMESPACES),
      labels,
      addresses: fc.integer({ min: 1, max: 3 }),
      ports: kind === "endpoint" ? namedPorts : containerPorts,
      account: fc.constantFrom(...SERVICE_ACCOUNTS),
      overlay: fc.constantFrom("o", "o", "o", "o", "o", "o", "other"),
    }),
  );

type Population = Pick<World, "namespaces" | "endpoints" | "pods" | "nodes">;

/** Pods of overlay o, of another and of none, with the OverlayEndpoints beside them, on nodes. */
export const population: fc.Arbitrary<Population> = fc
  .record({
    overlays: fc.tuple(...NAMESPACES.map(() => fc.constantFrom("o", "o", "o", "o", "o", "", "other"))),
    labels: fc.tuple(...NAMESPACES.map(() => labels)),
    facts: fc.oneof(
      { arbitrary: fc.array(memberFacts, { minLength: 3, maxLength: 7 }), weight: 9 },
      { arbitrary: fc.array(memberFacts, { maxLength: 2 }), weight: 1 },
    ),
    addresses: fc.shuffledSubarray(MEMBER_ADDRESSES, { minLength: MEMBER_ADDRESSES.length }),
    nodes,
  })
  .map(({ overlays, labels, facts, addresses, nodes }) => {
    const pool = [...addresses];
    const overlayOf = new Map(NAMESPACES.map((name, i) => [name, overlays[i] as string]));
    const endpoints: OverlayEndpoint[] = [];
    const pods: Pod[] = [];
    facts.forEach((one, i) => {
      const own = ["endpoint", "pod"].includes(one.kind) ? pool.splice(0, one.addresses) : [];
      if (one.kind === "endpoint") endpoints.push(...endpoint({ ...one, addresses: own }, i));
      else pods.push(pod(one, own, nodes, `p${i}`));
    });
    const members = pods
      .filter(({ hostNetwork, addresses }) => !hostNetwork && addresses.length > 0)
      .map(({ hostNetwork: _, ...member }) => ({ ...member, overlay: overlayOf.get(member.namespace) as string }));
    return {
      namespaces: NAMESPACES.map((name, i) => {
        const overlay = overlays[i] as string;
        return namespace(name, { ...labels[i], ...(overlay !== "" && { [OVERLAY_LABEL]: overlay }) });
      }),
      endpoints: [...endpoints, ...members],
      pods,
      nodes,
    };
  });

function namespace(name: string, labels: Labels): Namespace {
  return { name, labels: { ...labels, "kubernetes.io/metadata.name": name } };
}

type EndpointFacts = Pick<OverlayEndpoint, "namespace" | "labels" | "addresses" | "ports"> & { overlay?: string };

function endpoint({ namespace, labels, addresses, ports, overlay = "o" }: EndpointFacts, i: number): OverlayEndpoint[] {
  const name = `e${i}`;
  const identity = `spiffe://test/${name}`;
  if (addresses.length === 0) return [];
  return [{ origin: origin("OverlayEndpoint", name), name, overlay, namespace, labels, addresses, ports, identity }];
}

function pod(facts: MemberFacts, own: readonly string[], nodes: readonly Node[], name: string): Pod {
  const { kind, namespace, labels, ports, account } = facts;
  const node = nodes[facts.addresses % nodes.length];
  return {
    origin: origin("Pod", `${namespace}/${name}`),
    name,
    namespace,
    labels,
    addresses: kind === "host" ? (node?.addresses ?? []) : own,
    ports,
    identity: `spiffe://cluster.local/ns/${namespace}/sa/${account}`,
    hostNetwork: kind === "host",
    hasRules: false,
    ...(node && { node: node.name }),
  };
}
