/** Worlds as the files that people write. Each object is one line of JSON, which YAML contains. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type {
  NetworkPolicy,
  OverlayEndpoint,
  Peer,
  PolicyRule,
  Requirement,
  Selector,
  World,
} from "../../controller/model/resources.ts";

/** Writes a world into a folder: one file of everything but policies, one of policies for each namespace. */
export async function writeWorld(folder: string, world: World): Promise<void> {
  await mkdir(join(folder, "policies"), { recursive: true });
  const objects = [
    ...world.overlays.map(({ origin: _, name, ...spec }) => own("Overlay", name, spec)),
    ...world.gateways.map(({ origin: _, name, ...spec }) => own("OverlayGateway", name, spec)),
    ...world.endpoints.map(endpointObject),
    ...world.namespaces.map(({ name, labels }) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels },
    })),
  ];
  await writeFile(join(folder, "world.yaml"), documents(objects));
  for (const { name } of world.namespaces) {
    const policies = world.policies.filter(({ namespace }) => namespace === name).map(policyObject);
    if (policies.length > 0) await writeFile(join(folder, "policies", `${name}.yaml`), documents(policies));
  }
}

/** A file with one policy. */
export function policyText(policy: NetworkPolicy): string {
  return documents([policyObject(policy)]);
}

function documents(objects: readonly object[]): string {
  return objects.map((object) => `---\n${JSON.stringify(object)}\n`).join("");
}

function own(kind: string, name: string, spec: object): object {
  return { apiVersion: "sallyport.dev/v1alpha1", kind, metadata: { name }, spec };
}

function endpointObject({ origin: _, name, ...spec }: OverlayEndpoint): object {
  return own("OverlayEndpoint", name, spec);
}

function policyObject({ namespace, name, podSelector, ingress, egress }: NetworkPolicy): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { namespace, name },
    spec: {
      podSelector: selectorObject(podSelector),
      policyTypes: [...(ingress ? ["Ingress"] : []), ...(egress ? ["Egress"] : [])],
      ...(ingress && { ingress: ingress.map((rule) => ruleObject(rule, "from")) }),
      ...(egress && { egress: egress.map((rule) => ruleObject(rule, "to")) }),
    },
  };
}

function ruleObject({ peers, ports }: PolicyRule, direction: "from" | "to"): object {
  return { ...(peers && { [direction]: peers.map(peerObject) }), ...(ports && { ports }) };
}

function peerObject(peer: Peer): object {
  if (peer.kind === "block") return { ipBlock: { cidr: peer.cidr, except: peer.except } };
  const { namespaceSelector, podSelector } = peer;
  return {
    ...(namespaceSelector && { namespaceSelector: selectorObject(namespaceSelector) }),
    podSelector: selectorObject(podSelector),
  };
}

function selectorObject({ requirements }: Selector): object {
  return { matchExpressions: requirements.map(requirementObject) };
}

function requirementObject({ key, operator, values }: Requirement): object {
  return { key, operator, ...(values.length > 0 && { values }) };
}
