import type { Rejection } from "../model/resources.ts";
import type { ApiClient } from "./api-client.ts";
import { FIELD_MANAGER } from "./apply.ts";
import { collectionOf } from "./collections.ts";
import { type Finding, neededStatus, type Status } from "./conditions.ts";
import { type KubeObject, messageOf, NOT_FOUND } from "./list-watch.ts";

/** Requests at once. */
const WRITERS = 8;

/** A status that could not be written. */
export interface Unwritten {
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
}

/**
 * Tells people in the objects of ours what became of them. `rejections` are those of reading and of compiling. Only what
 * isn't said yet is written, so it may be called after every change.
 */
export async function writeStatus(
  client: ApiClient,
  objects: readonly KubeObject[],
  rejections: readonly Rejection[],
  now: Date,
  programmed: (object: KubeObject) => Finding | undefined = () => undefined,
): Promise<Unwritten[]> {
  const about = new Map<string, Rejection[]>();
  for (const rejection of rejections) {
    const { kind, name } = rejection.origin;
    about.set(`${kind} ${name}`, [...(about.get(`${kind} ${name}`) ?? []), rejection]);
  }
  const wanted = objects.flatMap((object) => {
    const status = neededStatus(object, about.get(`${object.kind} ${nameOf(object)}`) ?? [], programmed(object), now);
    return status === undefined ? [] : [{ object, status }];
  });
  const unwritten: Unwritten[] = [];
  const queue = wanted.values();
  const work = async () => {
    for (const { object, status } of queue) {
      const reason = await write(client, object, status);
      if (reason !== undefined) unwritten.push({ kind: String(object.kind), name: nameOf(object), reason });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, work));
  return unwritten;
}

/** Why it could not be written, or undefined. */
async function write(client: ApiClient, object: KubeObject, status: Status): Promise<string | undefined> {
  const { kind, apiVersion } = object;
  const path = `${collectionOf(String(kind)).path}/${nameOf(object)}/status`;
  const body = { apiVersion, kind, metadata: { name: nameOf(object) }, status };
  const query = `fieldManager=${FIELD_MANAGER}&force=true`;
  try {
    const reply = await client.ask("PATCH", `${path}?${query}`, body, "application/apply-patch+yaml");
    // It was deleted meanwhile.
    return reply.status === 200 || reply.status === NOT_FOUND ? undefined : messageOf(reply.body);
  } catch (error) {
    return String((error as Error).message || error);
  }
}

function nameOf({ metadata }: KubeObject): string {
  return String((metadata as { readonly name?: unknown }).name);
}
