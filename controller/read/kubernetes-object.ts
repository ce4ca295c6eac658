import { z } from "zod";
import { formatAddress, parseAddress } from "../model/address.ts";
import { shown } from "./issue.ts";
import { labels, namespaceName } from "./metadata.ts";
import { objectNames } from "./names.ts";
import { oneOf, optional, text, textOf, withDefault } from "./schema.ts";

/** Kubernetes' own kinds as an API server prints them, which has checked them: only what is needed is looked at. */

export const anyText = text(() => undefined);
export const objectName = textOf(objectNames);

/** A mapping of which no field is looked at but these. */
export function someFields<S extends z.ZodRawShape>(shape: S) {
  return z.object(shape);
}

export function kubernetesObject<S extends z.ZodRawShape>(apiVersion: string, kind: string, shape: S) {
  return someFields({ apiVersion: oneOf(apiVersion), kind: oneOf(kind), ...shape });
}

export const clusterScoped = someFields({ name: objectName, labels: withDefault(labels, {}) });

/** What an API server calls an object; no part of it may look like the next part of a node id. */
const uid = text((value) => (/^[\w.-]{1,253}$/.test(value) ? undefined : "is not a uid"));

export const namespaced = someFields({
  uid: optional(uid),
  name: objectName,
  namespace: optional(namespaceName).transform((namespace) => namespace || "default"),
  labels: withDefault(labels, {}),
});

/** An address of any sort; its value is canonical text. */
export const anyAddress = text((value) =>
  parseAddress(value) === undefined ? "is not an IP address" : undefined,
).transform((value) => formatAddress(parseAddress(value) ?? new Uint8Array(16)));

/** A number, or a name. */
export const portReference = z.custom<number | string>(
  (value) =>
    (typeof value === "string" && value !== "") ||
    (Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536),
  { error: ({ input }) => `must be a port from 1 to 65535 or the name of one, not ${shown(input)}` },
);
