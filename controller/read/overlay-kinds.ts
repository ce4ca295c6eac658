import type { z } from "zod";
import type { Origin, Overlay, OverlayEndpoint, OverlayGateway } from "../model/resources.ts";
import { enforcement } from "./enforcement.ts";
import type { Issue } from "./issue.ts";
import { clusterMetadata, labels } from "./metadata.ts";
import { labelKeys, namespaceNames, objectNames, serviceNames } from "./names.ts";
import { address, block, distinct, local, namedPort, socketAddress, spiffeId } from "./network.ts";
import {
  anything,
  check,
  fields,
  integer,
  oneOf,
  optional,
  published,
  sizedList,
  textOf,
  withDefault,
} from "./schema.ts";

/** Our kinds, `sallyport.dev/v1alpha1`. One that can't be understood is left out whole, which only removes access. */
export const API_VERSION = "sallyport.dev/v1alpha1";

/** The object, or why there is none. */
export interface Taken<T> {
  readonly value?: T;
  readonly issues: readonly Issue[];
}

const KEY_DEFAULTS = { epochSeconds: 3600, horizon: 6, keyGeneration: 0 };
const WEEK = 7 * 86400;
const name = textOf(objectNames);
/** Uses stamps and keys of nobody else: what is derived from it must stay what it is. */
const UNCHANGED = { rule: "self == oldSelf", message: "can't be changed: make a new Overlay" };
export const ONCE = { rule: "self.all(a, self.exists_one(b, a == b))", message: "has an entry twice: remove one" };

const keys = fields({
  epochSeconds: published(withDefault(integer(5, WEEK), KEY_DEFAULTS.epochSeconds), UNCHANGED).describe(
    "How long an authorization key is stamped with, in seconds. It can't be changed.",
  ),
  horizon: withDefault(integer(1, 48), KEY_DEFAULTS.horizon).describe(
    "For how many epochs ahead nodes hold keys: so long they outlive an absent controller.",
  ),
  keyGeneration: withDefault(integer(0, 255), KEY_DEFAULTS.keyGeneration).describe(
    "Raise it in an emergency: all older keys are refused at once.",
  ),
});

export const overlaySpec = fields({
  id: published(integer(1, 2 ** 24 - 1), UNCHANGED).describe(
    "A number that no other Overlay has. Keys are made for it, so it can't be changed.",
  ),
  cidr: sizedList(block, 1, 16, "such as [10.77.0.0/16]")
    .superRefine(distinct(String))
    .meta({ "x-kubernetes-list-type": "set" })
    .describe("The blocks that its members have their addresses in, IPv4 or IPv6 or both."),
  path: published(
    sizedList(name, 1, 8, "the gateways that a flow passes, in order").superRefine(distinct(String)),
    ONCE,
  )
    .meta({ "x-kubernetes-list-type": "atomic" })
    .describe("Names of the OverlayGateways that a flow passes, in this order, unless a FlowPolicy says otherwise."),
  isolation: withDefault(oneOf("DefaultDeny", "Kubernetes"), "DefaultDeny").describe(
    "What becomes of a member that no policy selects. DefaultDeny: it is closed. Kubernetes: it is open, as NetworkPolicy defines.",
  ),
  enforcement: withDefault(enforcement, "Enforce").describe(
    "Audit: policies deny nothing, and what they would have denied is logged and counted. Bad stamps are denied all the same.",
  ),
  interception: withDefault(oneOf("Overlay", "All"), "Overlay").describe(
    "Overlay: what members send to others than members goes on untouched. All: it passes a gateway too, or is dropped.",
  ),
  podOptOut: withDefault(oneOf("Refuse", "Allow"), "Refuse").describe(
    "Allow: a pod with the label sallyport.dev/overlay: none stays outside, though its namespace is a member's. Refuse: such a pod is a member like the others.",
  ),
  keys: withDefault(keys, KEY_DEFAULTS).describe("Authorization keys."),
});

const service = fields({
  namespace: textOf(namespaceNames).describe("The Service's namespace."),
  name: textOf(serviceNames).describe("The Service's name."),
});

const NO_REPLICAS = "has neither addresses nor service: write one of them";
const BOTH_REPLICAS = "has addresses and service: write one of them";
const ONE_OVERLAY =
  "must have one entry where there is a service: a pod has one image; give each overlay its own gateway";
const NOT_LOCAL = "can't be where there is a service: pods don't run on the controller's own machine; write addresses";
const LONG_NAME = "must be at most 63 characters where there is a service: its pods have the name as a label";
/** Of the name of a gateway with pods: they have it as a label's value. */
const LABEL_LONGEST = 63;

const gatewayFields = fields({
  overlays: sizedList(name, 1, 1000, "the names of its overlays")
    .superRefine(distinct(String))
    .meta({ "x-kubernetes-list-type": "set" })
    .describe("Names of the Overlays that it serves."),
  addresses: optional(sizedList(socketAddress, 1, 1000, "one address per replica").superRefine(distinct(String)))
    .meta({ "x-kubernetes-list-type": "set" })
    .describe("Where its replicas listen for tunnels, each as address:port. A flow may take any of them."),
  service: optional(service).describe(
    "The headless Service of its replicas, which are pods that listen on port 15042, instead of addresses.",
  ),
  identity: spiffeId.describe("The SPIFFE id in the certificates of all replicas."),
  local: optional(local).describe("Present: the standalone controller runs the replicas on its own machine."),
}).superRefine(({ overlays, addresses, service, local }, context) => {
  const complain = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
  if (addresses === undefined && service === undefined) complain([], NO_REPLICAS);
  if (addresses !== undefined && service !== undefined) complain([], BOTH_REPLICAS);
  if (service !== undefined && overlays.length > 1) complain(["overlays"], ONE_OVERLAY);
  if (local !== undefined && service !== undefined) complain(["local"], NOT_LOCAL);
});

export const gatewaySpec = published(
  gatewayFields,
  { rule: "has(self.addresses) || has(self.service)", message: NO_REPLICAS },
  { rule: "!has(self.addresses) || !has(self.service)", message: BOTH_REPLICAS },
  { rule: "!has(self.service) || size(self.overlays) == 1", message: ONE_OVERLAY, fieldPath: ".overlays" },
  { rule: "!has(self.local) || !has(self.service)", message: NOT_LOCAL, fieldPath: ".local" },
);

export const endpointSpec = fields({
  overlay: name.describe("The Overlay that it is a member of."),
  namespace: textOf(namespaceNames).describe("The Namespace that policies see it in. It need not exist."),
  labels: published(withDefault(labels, {}), {
    rule: `self.all(key, key.matches(r'${labelKeys.pattern.source}'))`,
    message: `has a key that ${labelKeys.message}`,
  }).describe("What policies select it by, as they do pods."),
  addresses: sizedList(address, 1, 64, "its IP addresses")
    .superRefine(distinct(String))
    .meta({ "x-kubernetes-list-type": "set" })
    .describe("Its IP addresses, each within a block of the Overlay."),
  ports: withDefault(sizedList(namedPort, 0, 1000, "names of its ports").superRefine(distinct((port) => port.name)), [])
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .describe("Its ports by name, for policies that name them."),
  identity: spiffeId.describe("The SPIFFE id in its certificate."),
  local: optional(local).describe("Present: the standalone controller runs its proxy on its own machine."),
});

export function decodeOverlay(object: unknown, origin: Origin): Taken<Overlay> {
  return decode(overlaySpec, object, origin);
}

export function decodeOverlayGateway(object: unknown, origin: Origin): Taken<OverlayGateway> {
  const { value, issues } = decode(gatewaySpec, object, origin);
  if (value === undefined) return { issues };
  if (value.service !== undefined && value.name.length > LABEL_LONGEST)
    return { issues: [{ path: ["metadata", "name"], message: LONG_NAME }] };
  return { value: { ...value, addresses: value.addresses ?? [] }, issues };
}

export function decodeOverlayEndpoint(object: unknown, origin: Origin): Taken<OverlayEndpoint> {
  return decode(endpointSpec, object, origin);
}

function decode<T extends object>(spec: z.ZodType<T>, object: unknown, origin: Origin) {
  const envelope = fields({
    apiVersion: oneOf(API_VERSION),
    kind: anything,
    metadata: clusterMetadata,
    spec,
    status: anything,
  });
  const checked = check(envelope, object, []);
  if (!checked.ok) return { issues: checked.issues };
  const value = { origin, name: checked.value.metadata.name, ...withoutAbsent(checked.value.spec as T) };
  return { value, issues: [] };
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The model tells absent from undefined. */
function withoutAbsent<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<T>;
}
