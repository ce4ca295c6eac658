import type { Origin } from "../model/resources.ts";
import { type FlowPolicy, UNREADABLE_PRIORITY } from "../model/tiers.ts";
import { hasUnknown, priority, readable } from "./cluster-policy.ts";
import { auditOf, enforcement } from "./enforcement.ts";
import { flowPeers, flowPorts, flowProtocols, flowSubject } from "./flow-rule.ts";
import { clusterMetadata } from "./metadata.ts";
import { subdomainComplaint } from "./names.ts";
import { distinct } from "./network.ts";
import { API_VERSION, type Taken } from "./overlay-kinds.ts";
import { anything, check, fields, isMapping, list, oneOf, optional, sized, text, withDefault } from "./schema.ts";
import { EVERYTHING } from "./selector.ts";

const objectName = text(subdomainComplaint);
const action = oneOf("Allow", "Deny", "Pass");

const specShape = {
  overlay: objectName,
  priority,
  subject: flowSubject,
  from: optional(flowPeers),
  to: optional(flowPeers),
  protocols: optional(flowProtocols),
  ports: optional(flowPorts),
  action,
  via: optional(
    list(objectName)
      .superRefine(distinct(String))
      .superRefine(sized(1, 8, "the gateways to pass, in order")),
  ),
  enforcement: withDefault(enforcement, "Enforce"),
};

const spec = fields(specShape, {
  namespaceSelector: "belongs under subject, or into an entry of from or to",
  podSelector: "belongs under subject, or into an entry of from or to",
  path: "must be via",
}).superRefine(({ from, to, action, via }, context) => {
  const complain = (field: string[], message: string) => context.addIssue({ code: "custom", path: field, message });
  if ((from === undefined) === (to === undefined))
    complain([], `${from === undefined ? "has neither from nor to" : "has from and to"}: write one of them`);
  if (via !== undefined && action !== "Allow")
    complain(["via"], `can't follow ${action}: only what is allowed goes somewhere`);
});

const shape = {
  apiVersion: oneOf(API_VERSION),
  kind: oneOf("FlowPolicy"),
  metadata: clusterMetadata,
  spec,
  status: anything,
};
const frame = fields(shape, Object.fromEntries(Object.keys(specShape).map((name) => [name, "belongs under spec"])));

/**
 * sallyport.dev/v1alpha1 FlowPolicy. One that can't be understood only ever removes access: an Allow is lost, a Deny,
 * a Pass, an Allow that names gateways to pass, and what could be one of these, deny everything to their subject, and
 * to everybody if that can't be read.
 */
export function takeFlowPolicy(object: unknown, origin: Origin): Taken<FlowPolicy> {
  const checked = check(frame, object, []);
  if (!checked.ok) {
    const left = denialOnly(object, origin);
    return { ...(left && { value: left }), issues: checked.issues };
  }
  const { metadata, spec } = checked.value;
  const traffic = [...(spec.protocols ?? []), ...(spec.ports ?? [])];
  const value: FlowPolicy = {
    origin,
    name: metadata.name,
    ...auditOf(spec.enforcement),
    overlay: spec.overlay,
    priority: spec.priority,
    subject: spec.subject,
    directions: [spec.from === undefined ? "egress" : "ingress"],
    action: spec.action,
    peers: spec.from ?? spec.to ?? [],
    ...(traffic.length > 0 && { traffic }),
    ...(spec.via !== undefined && { via: spec.via }),
  };
  return { value, issues: [] };
}

/** What is left of a policy that is there twice: which of the two is meant isn't known. */
export function withoutGrant({ via, ...policy }: FlowPolicy): FlowPolicy | undefined {
  return policy.action === "Allow" && via === undefined ? undefined : { ...policy, action: "Deny" };
}

/** What is left of a policy that is broken. */
export function denialOnly(object: unknown, origin: Origin): FlowPolicy | undefined {
  const { metadata, spec } = isMapping(object) ? object : {};
  const { name } = isMapping(metadata) ? metadata : {};
  const written = isMapping(spec) ? spec : {};
  const isPlainAllow = written.action === "Allow" && isAbsent(written.via) && !hasUnknown(written, specShape);
  if (isPlainAllow && isMapping(object) && !hasUnknown(object, shape)) return undefined;
  return {
    origin,
    name: typeof name === "string" ? name : "",
    ...auditOf(written.enforcement),
    ...overlayOf(written.overlay),
    priority: readable(priority, written.priority, UNREADABLE_PRIORITY),
    subject: readable(flowSubject, written.subject, { namespaceSelector: EVERYTHING, podSelector: EVERYTHING }),
    directions: directionsOf(written),
    action: "Deny",
  };
}

function overlayOf(value: unknown): { overlay?: string } {
  const checked = check(objectName, value, []);
  return checked.ok ? { overlay: checked.value } : {};
}

function directionsOf({ from, to }: Record<string, unknown>): FlowPolicy["directions"] {
  if (isAbsent(from) === isAbsent(to)) return ["ingress", "egress"];
  return isAbsent(to) ? ["ingress"] : ["egress"];
}

const isAbsent = (value: unknown) => value === undefined || value === null;
