import { withAdvice } from "../kube/apply.ts";
import type { KindHealth } from "../kube/cluster-world.ts";
import { collectionOf } from "../kube/collections.ts";
import type { Log } from "./log.ts";

/** Says which kinds can't be read, and when they can again. */
export class HealthNarrator {
  readonly #said = new Map<string, string>();

  constructor(private readonly log: Log) {}

  note(health: readonly KindHealth[]): void {
    for (const { kind, state } of health) {
      const text = state.kind === "failing" || state.kind === "missing" ? state.kind : "";
      const before = this.#said.get(kind) ?? "";
      // Before the first list there is nothing to say.
      if (text === before || state.kind === "starting") continue;
      this.#said.set(kind, text);
      if (state.kind === "failing") this.log.trouble(`${kind} can't be read: ${withAdvice(state.reason)}`);
      else if (state.kind === "missing") this.log.trouble(`the API server doesn't know ${kind}${installText(kind)}`);
      else this.log.trouble(`${kind} can be read again`);
    }
  }
}

function installText(kind: string): string {
  const { install } = collectionOf(kind);
  return install === undefined ? "" : `; to install it: ${install}`;
}
