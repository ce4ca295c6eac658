/** Objects of a cluster as they are now, as far as one may see them. */
import type { Listing } from "../check/facts.ts";
import type { ApiClient } from "./api-client.ts";
import { type KubeObject, listWatch, messageOf, NOT_FOUND, Refusal } from "./list-watch.ts";

export interface Kind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
}

export interface Where {
  /** Undefined: all of the cluster. */
  readonly namespace?: string;
  /** Only this one. */
  readonly name?: string;
}

const FORBIDDEN = 403;
const UNAUTHORIZED = 401;

/** Everything of a kind at several places; refused if one of them is. */
export async function look(client: ApiClient, kind: Kind, places: readonly Where[]): Promise<Listing> {
  const all = await Promise.all(places.map((where) => lookAt(client, kind, where)));
  const bad = all.find(({ state }) => state === "refused") ?? all.find(({ state }) => state === "missing");
  if (bad !== undefined) return bad;
  return { state: "known", objects: all.flatMap((one) => (one.state === "known" ? one.objects : [])) };
}

async function lookAt(client: ApiClient, kind: Kind, where: Where): Promise<Listing> {
  try {
    if (where.name !== undefined) {
      const object = await objectAt(client, kind, where.namespace, where.name);
      return { state: "known", objects: object === undefined ? [] : [object] };
    }
    const { objects } = await listWatch(client, { ...kind, path: pathOf(kind, where) }).list();
    return { state: "known", objects };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === NOT_FOUND) return { state: "missing" };
    const right = error.status === FORBIDDEN ? { right: rightOf(kind, where) } : {};
    // Whom the server doesn't know it tells nothing: no single right is missing.
    if (error.status === UNAUTHORIZED) throw new Error("the API server doesn't accept the credentials: log in again");
    return { state: "refused", ...right, reason: error.message };
  }
}

/** One object with everything that the server says of it; undefined: it isn't there. */
export async function objectAt(
  client: ApiClient,
  kind: Kind,
  namespace: string | undefined,
  name: string,
): Promise<KubeObject | undefined> {
  const path = `${pathOf(kind, namespace === undefined ? {} : { namespace })}/${name}`;
  const { status, body } = await client.ask("GET", path);
  if (status === NOT_FOUND) return undefined;
  if (status !== 200) throw new Refusal(status, messageOf(body));
  return { ...(body as KubeObject), kind: kind.kind, apiVersion: kind.apiVersion };
}

/** The path of a kind's collection. */
export function pathOf({ apiVersion, plural }: Kind, { namespace }: Where): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${group}${place}/${plural}`;
}

function rightOf({ apiVersion, plural }: Kind, { namespace, name }: Where): string {
  const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
  const place = namespace === undefined ? "" : ` in namespace ${namespace}`;
  return `${name === undefined ? "list" : "get"} ${plural}${group}${place}`;
}
