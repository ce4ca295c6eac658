import { z } from "zod";
import type { Pod } from "../model/cluster.ts";
import { INIT_CONTAINER, RULES_TITLE } from "../model/labels.ts";
import type { NamedPort, Origin } from "../model/resources.ts";
import { anyText, kubernetesObject, namespaced, objectName, someFields } from "./kubernetes-object.ts";
import { portNameComplaint } from "./names.ts";
import { address, portNumber, protocol } from "./network.ts";
import type { Taken } from "./overlay-kinds.ts";
import { check, list, optional, text, withDefault } from "./schema.ts";

const containerPort = someFields({
  name: optional(text((value) => (value === "" ? undefined : portNameComplaint(value)))),
  containerPort: portNumber,
  protocol: withDefault(protocol, "TCP"),
});

const container = someFields({ ports: withDefault(list(containerPort), []), restartPolicy: optional(anyText) });

const initStatus = someFields({
  name: anyText,
  state: optional(someFields({ terminated: optional(someFields({ message: optional(anyText) })) })),
});

const pod = kubernetesObject("v1", "Pod", {
  metadata: namespaced,
  spec: someFields({
    hostNetwork: withDefault(z.boolean(), false),
    nodeName: optional(anyText),
    serviceAccountName: optional(objectName),
    containers: withDefault(list(container), []),
    initContainers: withDefault(list(container), []),
  }),
  status: optional(
    someFields({
      phase: optional(anyText),
      podIP: optional(address),
      podIPs: withDefault(list(someFields({ ip: address })), []),
      initContainerStatuses: withDefault(list(initStatus), []),
    }),
  ),
});

/** core/v1 Pod. One that can't be understood is left out whole, and its addresses are closed. */
export function decodePod(object: unknown, origin: Origin, trustDomain: string): Taken<Pod> {
  const checked = check(pod, object, []);
  if (!checked.ok) return { issues: checked.issues };
  const { spec, status } = checked.value;
  const { uid, ...metadata } = checked.value.metadata;
  const addresses = [
    ...(status?.podIPs.map(({ ip }) => ip) ?? []),
    ...(status?.podIP === undefined ? [] : [status.podIP]),
  ];
  // Init containers that run as long as the pod does are its sidecars.
  const sidecars = spec.initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
  const value: Pod = {
    origin,
    ...metadata,
    ...(uid !== undefined && { uid }),
    addresses: hasEnded(status?.phase) ? [] : [...new Set(addresses)],
    ports: [...spec.containers, ...sidecars].flatMap(({ ports }) => ports.map(portOf)),
    identity: `spiffe://${trustDomain}/ns/${metadata.namespace}/sa/${spec.serviceAccountName ?? "default"}`,
    hostNetwork: spec.hostNetwork,
    hasRules: (status?.initContainerStatuses ?? []).some(saysRules),
    ...(spec.nodeName !== undefined && { node: spec.nodeName }),
  };
  return { value, issues: [] };
}

function saysRules({ name, state }: z.output<typeof initStatus>): boolean {
  return name === INIT_CONTAINER && (state?.terminated?.message ?? "").startsWith(RULES_TITLE);
}

/** Its addresses may be another pod's by now. */
export const hasEnded = (phase: unknown) => phase === "Succeeded" || phase === "Failed";

function portOf({ name = "", protocol, containerPort: port }: z.output<typeof containerPort>): NamedPort {
  return { name, protocol, port };
}
