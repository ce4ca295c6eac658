import type { Origin } from "../model/resources.ts";
import { EVERYTHING } from "../model/selectors.ts";
import { type FlowPolicy, UNREADABLE_PRIORITY } from "../model/tiers.ts";
import { hasUnknown, priority, readable } from "./cluster-policy.ts";
import { auditOf, enforcement } from "./enforcement.ts";
import { flowPeers, flowPorts, flowProtocols, flowSubject } from "./flow-rule.ts";
import { clusterMetadata } from "./metadata.ts";
import { objectNames } from "./names.ts";
import { distinct } from "./network.ts";
import { API_VERSION, ONCE, type Taken } from "./overlay-kinds.ts";
import {
  anything,
  check,
  fields,
  isMapping,
  oneOf,
  optional,
  published,
  sizedList,
  textOf,
  withDefault,
} from "./schema.ts";

const objectName = textOf(objectNames);
const action = oneOf("Allow", "Deny", "Pass");

const via = published(
  sizedList(objectName, 1, 8, "the gateways to pass, in order").superRefine(distinct(String)),
  ONCE,
);

const specShape = {
  overlay: objectName.describe("The Overlay whose members it is about."),
  priority: priority.describe("Lower ones are asked first, equal ones by name. The first that covers a flow decides."),
  subject: flowSubject.describe("The members whose flows it decides."),
  from: optional(flowPeers).describe("Decides flows of these to the subject."),
  to: optional(flowPeers).describe("Decides flows of the subject to these."),
  protocols: optional(flowProtocols).describe("IP protocols; with ports: these or those. Without both: all traffic."),
  ports: optional(flowPorts).describe("Destination ports; with protocols: these or those. Without both: all traffic."),
  action: action.describe("Allow and Deny decide; Pass leaves it to NetworkPolicies."),
  via: optional(via)
    .meta({ "x-kubernetes-list-type": "atomic" })
    .describe("For Allow: names of the OverlayGateways to pass, in this order. A flow that can't is denied."),
  enforcement: withDefault(enforcement, "Enforce").describe(
    "Audit: the policy decides nothing, and what it would have changed is logged and counted.",
  ),
};

const specFields = fields(specShape, {
  namespaceSelector: "belongs under subject, or into an entry of from or to",
  podSelector: "belongs under subject, or into an entry of from or to",
  path: "must be via",
}).superRefine(({ from, to, action, via }, context) => {
  const complain = (field: string[], message: string) => context.addIssue({ code: "custom", path: field, message });
  if ((from === undefined) === (to === undefined)) complain([], from === undefined ? NO_PEERS : BOTH_PEERS);
  if (via !== undefined && action !== "Allow")
    complain(["via"], `can't follow ${action}: only what is allowed goes somewhere`);
});

const NO_PEERS = "has neither from nor to: write one of them";
const BOTH_PEERS = "has from and to: write one of them";

export const flowPolicySpec = published(
  specFields,
  { rule: "has(self.from) || has(self.to)", message: NO_PEERS },
  { rule: "!has(self.from) || !has(self.to)", message: BOTH_PEERS },
  {
    rule: "!has(self.via) || self.action == 'Allow'",
    message: "is for Allow only: only what is allowed goes somewhere",
    fieldPath: ".via",
  },
);

const shape = {
  apiVersion: oneOf(API_VERSION),
  kind: oneOf("FlowPolicy"),
  metadata: clusterMetadata,
  spec: flowPolicySpec,
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
