/** Says in Events what state objects are in: once for each state, slowly, and what is still so after an outage too. */
import type { ApiClient } from "../kube/api-client.ts";
import { type Announcement, announce, announcementKey } from "../kube/events.ts";

/** Of one round; what is left is said in the next one. */
const ROUND_MAX = 10;
/** One object isn't said to be in other states of the same sort sooner. */
const CALM_MS = 60_000;
/** More are remembered only until one is forgotten. */
const TOLD_MAX = 10_000;

export class Announcer {
  /** Keys of what was said and is still so. */
  #told = new Set<string>();
  /** When something was said last, by object and reason. */
  readonly #recent = new Map<string, number>();

  /** `failed` gets why an Event could not be written. */
  constructor(
    private readonly client: ApiClient,
    private readonly instance: string,
    private readonly failed: (reason: string) => void,
  ) {}

  /** `states` are all that there are now. Whether something is left to say; fails if the server can't be reached. */
  async round(states: readonly Announcement[], mayWrite: () => boolean): Promise<boolean> {
    const now = performance.now();
    const keyed = new Map(states.map((state) => [announcementKey(state), state]));
    this.#told = new Set([...this.#told].filter((key) => keyed.has(key)));
    const unsaid = [...keyed].filter(([key]) => !this.#told.has(key));
    const due = unsaid.filter(([, state]) => now - (this.#recent.get(sortOf(state)) ?? -CALM_MS) >= CALM_MS);
    for (const [key, state] of due.slice(0, ROUND_MAX)) {
      if (!mayWrite()) return true;
      const outcome = await announce(this.client, state, this.instance, new Date());
      if (outcome.kind === "forbidden" || outcome.kind === "refused") this.failed(outcome.reason);
      this.#remember(key, sortOf(state), now);
    }
    return unsaid.length > Math.min(due.length, ROUND_MAX);
  }

  #remember(key: string, sort: string, now: number): void {
    if (this.#told.size < TOLD_MAX) this.#told.add(key);
    this.#recent.delete(sort);
    if (this.#recent.size >= TOLD_MAX) this.#recent.delete(this.#recent.keys().next().value as string);
    this.#recent.set(sort, now);
  }
}

function sortOf({ regarding, reason }: Announcement): string {
  const { uid } = regarding.metadata as { readonly uid?: string };
  return `${uid} ${reason}`;
}
