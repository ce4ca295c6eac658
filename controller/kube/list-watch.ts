/** Lists and watches of one collection, as https://kubernetes.io/docs/reference/using-api/api-concepts describes them. */
import { isMapping } from "../read/schema.ts";
import type { ApiClient } from "./api-client.ts";

/** An object as the server has it, with kind and apiVersion. */
export type KubeObject = Readonly<Record<string, unknown>>;

export interface Collection {
  readonly kind: string;
  readonly apiVersion: string;
  /** Such as `/api/v1/pods`. */
  readonly path: string;
  /** Only objects with these labels. */
  readonly selector?: string;
}

export interface Listed {
  readonly objects: readonly KubeObject[];
  /** From where a watch goes on. */
  readonly version: string;
}

/** A watch is open before anything happens; a bookmark says that everything up to its version has been sent. */
export type WatchEvent =
  | { readonly type: "open" }
  | { readonly type: "held" | "deleted"; readonly object: KubeObject; readonly version: string }
  | { readonly type: "bookmark"; readonly version: string };

/** What a reflector asks; tests have another one. */
export interface Source {
  list(): Promise<Listed>;
  watch(version: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
}

/** The server refused, with an HTTP status. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The server doesn't know any more what happened since: list again. */
export const GONE = 410;
/** It knows no such collection. */
export const NOT_FOUND = 404;
const UNAVAILABLE = 503;

/** Entries of one answer to a list. */
const PAGE = 500;
/** The server ends each watch after this time, and sends a bookmark a minute until then. */
const WATCH_S = 240;
const SILENT_MS = 120_000;

export function listWatch(client: ApiClient, collection: Collection): Source {
  return {
    list: () => list(client, collection),
    watch: (version, signal) => watch(client, collection, version, signal),
  };
}

async function list(client: ApiClient, collection: Collection): Promise<Listed> {
  const objects: KubeObject[] = [];
  let page = "";
  for (;;) {
    const { status, body } = await client.ask("GET", `${collection.path}?limit=${PAGE}${selected(collection)}${page}`);
    if (status === NOT_FOUND && (await hasOtherVersion(client, collection)))
      throw new Refusal(
        UNAVAILABLE,
        `the API server has ${collection.kind} in other versions than ${collection.apiVersion}`,
      );
    if (status !== 200) throw new Refusal(status, messageOf(body));
    const { items, metadata } = body as {
      items?: unknown[];
      metadata?: { resourceVersion?: string; continue?: string };
    };
    for (const item of items ?? []) objects.push(typed(collection, item));
    if (!metadata?.continue) return { objects, version: metadata?.resourceVersion ?? "" };
    page = `&continue=${encodeURIComponent(metadata.continue)}`;
  }
}

/** Is the kind's group there, but not in this version? Then its objects are there too, and mustn't look deleted. */
async function hasOtherVersion(client: ApiClient, { apiVersion }: Collection): Promise<boolean> {
  const [group, version] = apiVersion.split("/");
  if (version === undefined) return false;
  const { status, body } = await client.ask("GET", `/apis/${group}`);
  const versions = status === 200 && isMapping(body) && Array.isArray(body.versions) ? body.versions : [];
  return versions.length > 0 && !versions.some((one) => isMapping(one) && one.version === version);
}

function selected({ selector }: Collection): string {
  return selector === undefined ? "" : `&labelSelector=${encodeURIComponent(selector)}`;
}

async function* watch(
  client: ApiClient,
  collection: Collection,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const from = `&resourceVersion=${encodeURIComponent(version)}${selected(collection)}`;
  const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_S}${from}`;
  const answer = await client.follow(`${collection.path}?${query}`, SILENT_MS, signal);
  if ("status" in answer) throw new Refusal(answer.status, messageOf(answer.body));
  yield { type: "open" };
  for await (const line of answer.values) yield eventOf(collection, line);
}

function eventOf(collection: Collection, line: unknown): WatchEvent {
  const { type, object } = isMapping(line) ? line : {};
  const metadata = isMapping(object) && isMapping(object.metadata) ? object.metadata : {};
  const version = String(metadata.resourceVersion ?? "");
  if (type === "BOOKMARK") return { type: "bookmark", version };
  if (type === "ADDED" || type === "MODIFIED") return { type: "held", object: typed(collection, object), version };
  if (type === "DELETED") return { type: "deleted", object: typed(collection, object), version };
  // An event of type ERROR has a Status.
  throw new Refusal(isMapping(object) && typeof object.code === "number" ? object.code : 0, messageOf(object));
}

/** Items of lists don't say what they are; who set which field needs much memory and nobody asks. */
function typed({ kind, apiVersion }: Collection, item: unknown): KubeObject {
  const object = isMapping(item) ? item : {};
  const { managedFields: _, ...metadata } = isMapping(object.metadata) ? object.metadata : {};
  return { ...object, kind, apiVersion, metadata };
}

/** What a Status says, or something else that came instead of one. */
export function messageOf(body: unknown): string {
  if (isMapping(body) && typeof body.message === "string") return body.message.slice(0, 500);
  return `an answer that isn't a Status: ${String(body).slice(0, 80)}`;
}
