/** Objects that this program makes: server-side apply, and what can come of it. */
import { isMapping } from "../read/schema.ts";
import type { ApiClient, Reply } from "./api-client.ts";
import { type Collection, type KubeObject, messageOf, NOT_FOUND } from "./list-watch.ts";

/** Who has set which field: the server keeps apart what people and other programs set. */
export const FIELD_MANAGER = "sallyport";

export type Outcome =
  /** As it is in the cluster now; undefined: deleted. */
  | { readonly kind: "done"; readonly object: KubeObject | undefined }
  /** Its namespace is being deleted, or is gone: nothing is left to do. */
  | { readonly kind: "gone" }
  /** The server doesn't know the kind. */
  | { readonly kind: "missing" }
  | { readonly kind: "forbidden" | "refused"; readonly reason: string };

const FORBIDDEN = 403;

/** Whether an object with this field manager's fields as in `object` is there now; fails if the server can't be reached. */
export async function applyObject(client: ApiClient, collection: Collection, object: KubeObject): Promise<Outcome> {
  const path = `${objectPath(collection, object)}?fieldManager=${FIELD_MANAGER}&force=true`;
  return outcomeOf(await client.ask("PATCH", path, object, "application/apply-patch+yaml"));
}

/** Changes single fields, also those of others: null removes one. */
export async function patchObject(
  client: ApiClient,
  collection: Collection,
  object: KubeObject,
  patch: object,
): Promise<Outcome> {
  const path = `${objectPath(collection, object)}?fieldManager=${FIELD_MANAGER}`;
  return outcomeOf(await client.ask("PATCH", path, patch, "application/merge-patch+json"));
}

/** Deletes this very object, and not one of the same name that was made since. */
export async function deleteObject(client: ApiClient, collection: Collection, object: KubeObject): Promise<Outcome> {
  const { uid } = metadataOf(object);
  const reply = await client.ask("DELETE", objectPath(collection, object), { preconditions: { uid } });
  if (reply.status === NOT_FOUND || reply.status === 409) return { kind: "gone" };
  return reply.status < 300 ? { kind: "done", object: undefined } : outcomeOf(reply);
}

/** `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME` */
export function objectPath({ path }: Collection, object: KubeObject): string {
  const { namespace, name } = metadataOf(object);
  if (namespace === undefined) return `${path}/${name}`;
  const at = path.lastIndexOf("/");
  return `${path.slice(0, at)}/namespaces/${namespace}${path.slice(at)}/${name}`;
}

interface Metadata {
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** As the server has checked it. */
export function metadataOf({ metadata }: KubeObject): Metadata {
  return metadata as Metadata;
}

/** What an answer to a write means. */
export function outcomeOf({ status, body }: Reply): Outcome {
  if (status < 300) return { kind: "done", object: isMapping(body) ? body : undefined };
  const details = isMapping(body) && isMapping(body.details) ? body.details : {};
  // A server that doesn't know the kind names no kind.
  if (status === NOT_FOUND) return details.kind === undefined ? { kind: "missing" } : { kind: "gone" };
  const causes = Array.isArray(details.causes) ? details.causes.filter(isMapping) : [];
  if (causes.some(({ reason }) => reason === "NamespaceTerminating")) return { kind: "gone" };
  const reason = messageOf(body);
  if (status !== FORBIDDEN) return { kind: "refused", reason: `${reason} (status ${status})` };
  return { kind: "forbidden", reason: withAdvice(reason) };
}

/** What the server says of a request that no role allows. */
const DENIED = /User "([^"]+)" cannot (\w+) resource "([^"]+)" in API group "([^"]*)"/;

/** What the server said, and which verb to grant if that was why. */
export function withAdvice(reason: string): string {
  const [, user, verb, resource, group] = DENIED.exec(reason) ?? [];
  if (user === undefined) return reason;
  return `${reason}; grant ${user} the verb ${verb} on ${[resource, group].filter(Boolean).join(".")}`;
}
