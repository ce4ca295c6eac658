/** The world as a Kubernetes cluster has it, read by the readers of files and kept up to date. */
import type { Origin, Rejection } from "../model/resources.ts";
import type { RawObject } from "../read/documents.ts";
import { Draft, type ReadSettings } from "../read/draft.ts";
import { type Issue, rejection } from "../read/issue.ts";
import { API_VERSION } from "../read/overlay-kinds.ts";
import type { Reading } from "../read/world.ts";
import type { ApiClient } from "./api-client.ts";
import { COLLECTIONS } from "./collections.ts";
import { type Collection, type KubeObject, listWatch, type Source } from "./list-watch.ts";
import { Reflector, type ReflectorOptions, type ReflectorState } from "./reflector.ts";

/** How well one kind is known. */
export interface KindHealth {
  readonly kind: string;
  readonly state: ReflectorState;
  readonly objects: number;
}

export interface ClusterOptions extends ReflectorOptions, ReadSettings {
  /** Where a collection's objects come from; the API server unless told otherwise. */
  readonly source?: (collection: Collection) => Source;
}

/**
 * An object that is unchanged in the cluster stays the same value in the worlds that are read. What can't be read for a
 * while stays as it was; there is no world before everything was listed once, because a world without some policies
 * could allow what they deny.
 */
export class ClusterWorld {
  readonly #reflectors: readonly (readonly [Collection, Reflector<RawObject>])[];
  readonly #settings: ReadSettings;

  /** `changed` is called often: whenever the world or the health of a kind may be another. */
  constructor(client: ApiClient, changed: () => void, { source, ...options }: ClusterOptions = {}) {
    this.#settings = options;
    const sourceOf = source ?? ((collection: Collection) => listWatch(client, collection));
    this.#reflectors = COLLECTIONS.map((collection) => [
      collection,
      new Reflector(sourceOf(collection), rawObject, changed, options),
    ]);
  }

  start(): void {
    for (const [, reflector] of this.#reflectors) reflector.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map(([, reflector]) => reflector.stop()));
  }

  get health(): KindHealth[] {
    return this.#reflectors.map(([{ kind }, reflector]) => ({
      kind,
      state: reflector.state,
      objects: reflector.count,
    }));
  }

  /** The objects of our own kinds, as the server has them. */
  get ours(): KubeObject[] {
    const own = this.#reflectors.filter(([{ apiVersion }]) => apiVersion === API_VERSION);
    return own.flatMap(([, reflector]) => reflector.values().map(({ object }) => object as KubeObject));
  }

  /** The objects of a kind that is read, as the server has them. */
  objectsOf(kind: string): KubeObject[] {
    const reflector = this.#reflectors.find(([collection]) => collection.kind === kind)?.[1];
    return (reflector?.values() ?? []).map(({ object }) => object as KubeObject);
  }

  /** The object that messages name like this. */
  find({ kind, name }: Pick<Origin, "kind" | "name">): KubeObject | undefined {
    const reflector = this.#reflectors.find(([collection]) => collection.kind === kind)?.[1];
    return reflector?.at(name.includes("/") ? name : `/${name}`)?.object as KubeObject | undefined;
  }

  /** The world as it is now, or undefined as long as something of it has never been listed. */
  read(): Reading | undefined {
    if (!this.#reflectors.every(([, reflector]) => reflector.isKnown)) return undefined;
    const draft = new Draft(this.#settings);
    for (const [, reflector] of this.#reflectors) for (const raw of reflector.values()) draft.take(raw);
    return { world: draft.world(), rejections: draft.rejections, unreadable: [] };
  }
}

/** What messages about objects of a cluster name as their file; they stand in no line. */
const CLUSTER = "cluster";

/** An object as the readers take it; what was decoded of it is kept with it. */
export function rawObject(object: KubeObject): RawObject {
  const origin = originOf(object);
  let decoded: object | undefined;
  return {
    object,
    origin,
    reject: (issue: Issue): Rejection => rejection(origin, issue),
    once: <T extends object>(decode: () => T) => {
      decoded ??= decode();
      return decoded as T;
    },
  };
}

function originOf({ kind, metadata }: KubeObject): Origin {
  const { namespace, name } = metadata as { readonly namespace?: string; readonly name?: string };
  const parts = [namespace, name].filter((part) => part !== undefined && part !== "");
  return { file: CLUSTER, line: 0, kind: String(kind), name: parts.join("/") };
}
