import type { Endpoints, Node, Service } from "../model/cluster.ts";
import type { Origin, Requirement } from "../model/resources.ts";
import {
  anyAddress,
  anyText,
  clusterScoped,
  kubernetesObject,
  namespaced,
  portReference,
  someFields,
} from "./kubernetes-object.ts";
import { labels } from "./metadata.ts";
import { portNumber, protocol } from "./network.ts";
import type { Taken } from "./overlay-kinds.ts";
import { check, list, optional, withDefault } from "./schema.ts";

/** Nodes, Services and EndpointSlices. One that can't be understood is left out whole. */

const nodeAddress = someFields({ type: anyText, address: anyText }).transform(({ type, address }, context) => {
  // The others are names. Policy means all IPs (ClusterNetworkPolicyEgressPeer.nodes), so ExternalIP too.
  if (!type.endsWith("IP")) return [];
  const checked = check(anyAddress, address, []);
  if (checked.ok) return [checked.value];
  for (const { message } of checked.issues) context.addIssue({ code: "custom", path: ["address"], message });
  return [];
});

const node = kubernetesObject("v1", "Node", {
  metadata: clusterScoped,
  status: optional(someFields({ addresses: withDefault(list(nodeAddress), []) })),
});

export function decodeNode(object: unknown, origin: Origin): Taken<Node> {
  const checked = check(node, object, []);
  if (!checked.ok) return { issues: checked.issues };
  const { metadata, status } = checked.value;
  return { value: { origin, ...metadata, addresses: [...new Set(status?.addresses.flat())] }, issues: [] };
}

const servicePort = someFields({
  name: withDefault(anyText, ""),
  protocol: withDefault(protocol, "TCP"),
  port: portNumber,
  targetPort: optional(portReference),
});

const service = kubernetesObject("v1", "Service", {
  metadata: namespaced,
  spec: someFields({
    selector: optional(labels),
    clusterIP: withDefault(anyText, ""),
    clusterIPs: withDefault(list(anyText), []),
    ports: withDefault(list(servicePort), []),
  }),
});

export function decodeService(object: unknown, origin: Origin): Taken<Service> {
  const checked = check(service, object, []);
  if (!checked.ok) return { issues: checked.issues };
  const { namespace, name } = checked.value.metadata;
  const { selector = {}, clusterIP, clusterIPs, ports } = checked.value.spec;
  const requirements = Object.entries(selector).map(
    ([key, value]): Requirement => ({ key, operator: "In", values: [value] }),
  );
  const value: Service = {
    origin,
    namespace,
    name,
    ...(requirements.length > 0 && { selector: { requirements } }),
    // A headless service says `None`.
    addresses: [...new Set([clusterIP, ...clusterIPs])].filter((text) => /[.:]/.test(text)),
    ports: ports.map(({ targetPort, ...port }) => ({ ...port, targetPort: targetPort ?? port.port })),
  };
  return { value, issues: [] };
}

const slicePort = someFields({
  name: withDefault(anyText, ""),
  protocol: withDefault(protocol, "TCP"),
  port: optional(portNumber),
});

const endpointSlice = kubernetesObject("discovery.k8s.io/v1", "EndpointSlice", {
  metadata: namespaced,
  addressType: anyText,
  endpoints: withDefault(list(someFields({ addresses: list(anyText) })), []),
  ports: withDefault(list(slicePort), []),
});

export function decodeEndpointSlice(object: unknown, origin: Origin): Taken<Endpoints> {
  const checked = check(endpointSlice, object, []);
  if (!checked.ok) return { issues: checked.issues };
  const { metadata, addressType, endpoints, ports } = checked.value;
  const service = metadata.labels["kubernetes.io/service-name"];
  const value: Endpoints = {
    origin,
    namespace: metadata.namespace,
    name: metadata.name,
    ...(service !== undefined && { service }),
    addresses: addressType === "FQDN" ? [] : endpoints.flatMap(({ addresses }) => addresses),
    ports: ports.flatMap(({ port, ...rest }) => (port === undefined ? [] : [{ ...rest, port }])),
  };
  return { value, issues: [] };
}
