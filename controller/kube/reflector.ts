/** Keeps a copy of one collection of the API server's, through every outage. */
import { BackOff } from "../node/back-off.ts";
import { GONE, type KubeObject, type Listed, NOT_FOUND, Refusal, type Source, type WatchEvent } from "./list-watch.ts";
import { type Pace, REAL_PACE } from "./pace.ts";

/** How well the copy is kept. */
export type ReflectorState =
  /** Not listed yet. */
  | { readonly kind: "starting" }
  /** Up to date, but for what is on its way. */
  | { readonly kind: "watching" }
  /** The server doesn't know the kind: its CRD isn't installed. */
  | { readonly kind: "missing" }
  /** Out of touch: what was last known stands. */
  | { readonly kind: "failing"; readonly reason: string };

export interface ReflectorOptions {
  readonly pace?: Pace;
  readonly backOff?: BackOff;
}

/** A kind of which objects are known counts as removed when the server hasn't known it for this long. */
const REMOVED_AFTER_MS = 30_000;
/** A watch that ends sooner is no ordinary one. */
const SHORT_MS = 1000;
/** A server that comes back is found after this time. */
const LONGEST_WAIT_MS = 2000;
/** A server that refuses to go on so often is asked for everything: its history may be another one now. */
const REFUSALS_MAX = 3;

/**
 * Objects are compared by their resourceVersion: one that is unchanged stays the same value, also when everything is
 * listed again. `hold` makes of an object what is kept of it; `changed` is called when objects or state may be others.
 */
export class Reflector<T> {
  #objects = new Map<string, Held<T>>();
  #state: ReflectorState = { kind: "starting" };
  #isKnown = false;
  /** Where the next watch goes on; undefined: list first. */
  #version: string | undefined;
  #refusals = 0;
  #missingSince: number | undefined;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #pace: Pace;
  readonly #backOff: BackOff;

  constructor(
    private readonly source: Source,
    private readonly hold: (object: KubeObject) => T,
    private readonly changed: () => void,
    { pace = REAL_PACE, backOff = new BackOff(Math.random, LONGEST_WAIT_MS) }: ReflectorOptions = {},
  ) {
    this.#pace = pace;
    this.#backOff = backOff;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** Whether `values` is everything that there is, or was when the server was last in touch. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  get count(): number {
    return this.#objects.size;
  }

  /** By `namespace/name`, or `/name`. */
  at(key: string): T | undefined {
    return this.#objects.get(key)?.value;
  }

  values(): T[] {
    return Array.from(this.#objects.values(), ({ value }) => value);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const start = this.#pace.now();
      let failed = false;
      try {
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        failed = true;
        this.#fail(error);
      }
      const aliveMs = this.#pace.now() - start;
      if (failed || aliveMs < SHORT_MS) await this.#pace.wait(this.#backOff.next(aliveMs), signal);
    }
  }

  /** Lists unless it is known where to go on, then takes what happens until the server ends the watch. */
  async #follow(signal: AbortSignal): Promise<void> {
    this.#version ??= this.#replace(await this.source.list());
    for await (const event of this.source.watch(this.#version, signal)) this.#take(event);
  }

  #replace({ objects, version }: Listed): string {
    const before = this.#objects;
    this.#objects = new Map();
    for (const object of objects) {
      const { key, version } = identityOf(object);
      const known = before.get(key);
      const isSame = known !== undefined && known.version === version;
      this.#objects.set(key, isSame ? known : { version, value: this.hold(object) });
    }
    this.#isKnown = true;
    this.#missingSince = undefined;
    this.#enter({ kind: "watching" });
    return version;
  }

  #take(event: WatchEvent): void {
    if (event.type === "open") {
      if (this.#state.kind !== "watching") this.#enter({ kind: "watching" });
      return;
    }
    this.#version = event.version;
    this.#refusals = 0;
    if (event.type === "bookmark") return;
    const { key, version } = identityOf(event.object);
    const known = this.#objects.get(key);
    if (event.type === "deleted") this.#objects.delete(key);
    else if (known?.version !== version) this.#objects.set(key, { version, value: this.hold(event.object) });
    this.changed();
  }

  #fail(error: unknown): void {
    const status = error instanceof Refusal ? error.status : undefined;
    if (status === NOT_FOUND) {
      this.#miss();
      return;
    }
    if (status !== undefined) this.#refusals++;
    if (status === GONE || this.#refusals >= REFUSALS_MAX) this.#version = undefined;
    // What is gone is listed again at once: nobody needs to know.
    if (status !== GONE) this.#enter({ kind: "failing", reason: reasonOf(error) });
  }

  /** A server that starts may not know a kind yet, and that must not look as if its policies were deleted. */
  #miss(): void {
    this.#version = undefined;
    this.#missingSince ??= this.#pace.now();
    const isRemoved = this.#pace.now() - this.#missingSince >= REMOVED_AFTER_MS;
    if (this.#isKnown && this.#objects.size > 0 && !isRemoved) {
      this.#enter({ kind: "failing", reason: "the API server doesn't know the kind" });
      return;
    }
    this.#objects.clear();
    this.#isKnown = true;
    this.#enter({ kind: "missing" });
  }

  #enter(state: ReflectorState): void {
    this.#state = state;
    this.changed();
  }
}

interface Held<T> {
  readonly version: unknown;
  readonly value: T;
}

function identityOf({ metadata }: KubeObject): { key: string; version: unknown } {
  const { namespace, name, uid, resourceVersion } = metadata as Readonly<Record<string, unknown>>;
  return { key: `${namespace ?? ""}/${name}`, version: `${uid} ${resourceVersion}` };
}

function reasonOf(error: unknown): string {
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  // Of several addresses none of which answers Node tells no more than a code.
  return String(message || code || error);
}
