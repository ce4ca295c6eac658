import type { Json } from "../../controller/check/json.ts";

/** A change of objects, found by `Kind name`. */
export interface Fault {
  readonly name: string;
  /** Merged into objects that are there: null removes a field, a list replaces one. */
  readonly change?: Readonly<Record<string, Json>>;
  readonly add?: readonly Json[];
  readonly remove?: readonly string[];
  /** `check severity` and a part of what is said. */
  readonly finds: readonly (readonly [check: string, severity: "error" | "warning", says: RegExp])[];
}

export const namespaced = (apiVersion: string, kind: string, name: string, spec: object, namespace = "shop"): Json => ({
  ...{ apiVersion, kind, metadata: { namespace, name }, spec },
});
export const overlay = (name: string, spec: object): Json => ({
  apiVersion: "sallyport.dev/v1alpha1",
  kind: "Overlay",
  metadata: { name },
  spec: { id: 9, cidr: ["10.9.0.0/16"], path: ["edge"], ...spec },
});
export const annotated = (annotations: object) => ({ metadata: { annotations } });
export const traffic = (name: string, value: string) => annotated({ [`traffic.sidecar.istio.io/${name}`]: value });
export const POD = "Pod web-5d4f-1";
export const image = "test.invalid/image";
export const accepted = (status: string, message: string, type = "Accepted") => ({
  status: {
    conditions: [
      { type, status, message, reason: "Reason", lastTransitionTime: "2026-01-01T00:00:00Z" },
      ...(type === "Accepted"
        ? []
        : [
            {
              type: "Accepted",
              status: "True",
              message: "in use",
              reason: "Reason",
              lastTransitionTime: "2026-01-01T00:00:00Z",
            },
          ]),
    ],
  },
});
export const injector = (config: string, values = "{}") => ({
  "ConfigMap istio-sidecar-injector": { data: { config, values } },
});
export const TEMPLATES = "templates: {sidecar: '', sallyport: ''}\n";
export const filter = (value: object) =>
  namespaced("networking.istio.io/v1alpha3", "EnvoyFilter", "other", {
    configPatches: [{ applyTo: "LISTENER", match: { context: "SIDECAR_INBOUND" }, patch: { operation: "ADD", value } }],
  });

/** The objects with a fault in them. */
export function planted(objects: readonly Json[], { change = {}, add = [], remove = [] }: Fault): Json[] {
  const keyOf = ({ kind, metadata }: Json) => `${kind} ${(metadata as Json).name}`;
  for (const key of [...Object.keys(change), ...remove])
    if (!objects.some((object) => keyOf(object) === key)) throw new Error(`there is no ${key}`);
  const kept = objects.filter((object) => !remove.includes(keyOf(object)));
  return [...kept.map((object) => merged(object, change[keyOf(object)] ?? {}) as Json), ...add];
}

function merged(value: unknown, change: unknown): unknown {
  if (!isRecord(change)) return change;
  const result: Record<string, unknown> = isRecord(value) ? { ...value } : {};
  for (const [key, one] of Object.entries(change)) {
    if (one === null) delete result[key];
    else result[key] = merged(result[key], one);
  }
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
