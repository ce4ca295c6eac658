/** The objects that this program made, as they are in the cluster: whoever edits or deletes them is noticed. */
import type { ApiClient } from "./api-client.ts";
import type { KindHealth } from "./cluster-world.ts";
import { EMITTED_COLLECTIONS, type EmittedCollection } from "./emitted.ts";
import { type KubeObject, listWatch } from "./list-watch.ts";
import { Reflector } from "./reflector.ts";

export class OwnObjects {
  readonly #reflectors: readonly (readonly [EmittedCollection, Reflector<KubeObject>])[];

  /** `changed` is called whenever an object, or the health of a kind, may be another. */
  constructor(client: ApiClient, changed: () => void) {
    this.#reflectors = EMITTED_COLLECTIONS.map((collection) => [
      collection,
      new Reflector(listWatch(client, collection), (object) => object, changed),
    ]);
  }

  start(): void {
    for (const [, reflector] of this.#reflectors) reflector.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map(([, reflector]) => reflector.stop()));
  }

  get health(): KindHealth[] {
    return this.#reflectors.map(([{ kind }, { state, count }]) => ({ kind, state, objects: count }));
  }

  all(): KubeObject[] {
    return this.#reflectors.flatMap(([, reflector]) => reflector.values());
  }

  /** Kinds of which it isn't known what there is, and why; empty: they are being listed. */
  get unknown(): ReadonlyMap<string, string> {
    const unknown = this.#reflectors.filter(([, { isKnown }]) => !isKnown);
    return new Map(unknown.map(([{ kind }, { state }]) => [kind, state.kind === "failing" ? state.reason : ""]));
  }
}
