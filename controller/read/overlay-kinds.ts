import type { z } from "zod";
import type { Origin, Overlay, OverlayEndpoint, OverlayGateway } from "../model/resources.ts";
import { enforcement } from "./enforcement.ts";
import type { Issue } from "./issue.ts";
import { clusterMetadata, labels } from "./metadata.ts";
import { labelComplaint, subdomainComplaint } from "./names.ts";
import { address, block, distinct, local, namedPort, socketAddress, spiffeId } from "./network.ts";
import { anything, check, fields, integer, list, oneOf, optional, sized, text, withDefault } from "./schema.ts";

/** Our kinds, `sallyport.dev/v1alpha1`. One that can't be understood is left out whole, which only removes access. */
export const API_VERSION = "sallyport.dev/v1alpha1";

/** The object, or why there is none. */
export interface Taken<T> {
  readonly value?: T;
  readonly issues: readonly Issue[];
}

const KEY_DEFAULTS = { epochSeconds: 3600, horizon: 6, keyGeneration: 0 };
const WEEK = 7 * 86400;
const name = text(subdomainComplaint);
const names = list(name).superRefine(distinct(String));

const overlaySpec = fields({
  id: integer(1, 2 ** 24 - 1),
  cidr: list(block)
    .superRefine(distinct(String))
    .superRefine(sized(1, 16, "such as [10.77.0.0/16]")),
  path: names.superRefine(sized(1, 8, "the gateways that a flow passes, in order")),
  isolation: withDefault(oneOf("DefaultDeny", "Kubernetes"), "DefaultDeny"),
  enforcement: withDefault(enforcement, "Enforce"),
  interception: withDefault(oneOf("Overlay", "All"), "Overlay"),
  keys: withDefault(
    fields({
      epochSeconds: withDefault(integer(5, WEEK), KEY_DEFAULTS.epochSeconds),
      horizon: withDefault(integer(1, 48), KEY_DEFAULTS.horizon),
      keyGeneration: withDefault(integer(0, 255), KEY_DEFAULTS.keyGeneration),
    }),
    KEY_DEFAULTS,
  ),
});

const gatewaySpec = fields({
  overlays: names.superRefine(sized(1, 1000, "the names of its overlays")),
  addresses: list(socketAddress)
    .superRefine(distinct(String))
    .superRefine(sized(1, 1000, "one address per replica")),
  identity: spiffeId,
  local: optional(local),
});

const endpointSpec = fields({
  overlay: name,
  namespace: text(labelComplaint),
  labels: withDefault(labels, {}),
  addresses: list(address)
    .superRefine(distinct(String))
    .superRefine(sized(1, 64, "its IP addresses")),
  ports: withDefault(list(namedPort).superRefine(distinct((port) => port.name)), []),
  identity: spiffeId,
  local: optional(local),
});

export function decodeOverlay(object: unknown, origin: Origin): Taken<Overlay> {
  return decode(overlaySpec, object, origin);
}

export function decodeOverlayGateway(object: unknown, origin: Origin): Taken<OverlayGateway> {
  return decode(gatewaySpec, object, origin);
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
