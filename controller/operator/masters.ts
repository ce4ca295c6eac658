import type { Secret } from "../keys/secret.ts";
import type { ApiClient } from "../kube/api-client.ts";
import { masterSecret } from "../kube/master-secret.ts";

/** The master keys of overlays during one term. */
export class Masters {
  readonly #keys = new Map<string, Secret>();
  readonly #problems = new Map<string, string>();

  constructor(
    private readonly client: ApiClient,
    private readonly namespace: string,
  ) {}

  key(overlay: string): Secret | undefined {
    return this.#keys.get(overlay);
  }

  /** Why overlays have no key, by name. */
  get problems(): ReadonlyMap<string, string> {
    return this.#problems;
  }

  /** Reads or makes the keys that it doesn't have yet; fails if the server can't be reached. */
  async open(overlays: readonly string[]): Promise<void> {
    for (const name of this.#problems.keys()) if (!overlays.includes(name)) this.#problems.delete(name);
    for (const overlay of overlays) {
      if (this.#keys.has(overlay)) continue;
      const found = await masterSecret(this.client, this.namespace, overlay);
      if ("key" in found) this.#keys.set(overlay, found.key);
      if ("problem" in found) this.#problems.set(overlay, found.problem);
      else this.#problems.delete(overlay);
    }
  }
}
