/** Which of several replicas leads. */
import type { Lease, LeaseStore } from "./lease.ts";
import { type Pace, REAL_PACE } from "./pace.ts";

/** A leader that isn't heard of for this long is succeeded. */
const DURATION_MS = 6000;
/** A leader that couldn't renew for this long leads no more, so that there are never two. */
const DEADLINE_MS = 4000;
const TICK_MS = 1000;

export interface ElectionOptions {
  readonly pace?: Pace;
  /** Seconds since 1970. */
  readonly unixTime?: () => number;
}

/**
 * Terms rise from leader to leader, also when somebody deletes the Lease: one is more than the last and at least the
 * time. No replica trusts another's clock: each measures by its own how long the Lease has been unchanged.
 */
export class Election {
  #led: { readonly term: number; readonly renewedAt: number } | undefined;
  #announced: number | undefined;
  /** The Lease when it was read last, and when it was first seen like that. */
  #seen: { readonly version: string | undefined; readonly at: number } | undefined;
  #attempt: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #trouble = "";
  readonly #stop = new AbortController();
  readonly #pace: Pace;
  readonly #unixTime: () => number;

  /** `identity` is nobody else's, also not that of an earlier run. `changed` is told of every change of `term`. */
  constructor(
    private readonly store: LeaseStore,
    private readonly identity: string,
    private readonly changed: (term: number | undefined) => void,
    { pace = REAL_PACE, unixTime = () => Math.floor(Date.now() / 1000) }: ElectionOptions = {},
  ) {
    this.#pace = pace;
    this.#unixTime = unixTime;
  }

  /** The term in which this replica leads at this moment; undefined: it doesn't. Ask right before acting on it. */
  get term(): number | undefined {
    if (this.#led === undefined || this.#stop.signal.aborted) return undefined;
    return this.#pace.now() - this.#led.renewedAt < DEADLINE_MS ? this.#led.term : undefined;
  }

  /** Why the Lease could not be read or written when that was last tried; empty if it could. */
  get trouble(): string {
    return this.#trouble;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Leads no more, and lets another replica lead at once. */
  async stop(): Promise<void> {
    const wasLeading = this.term !== undefined;
    this.#stop.abort();
    await this.#running;
    this.#announce();
    if (!wasLeading) return;
    await this.#attempt;
    await this.#release().catch(() => {}); // then it is waited for
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // One that hangs must not hide that the time is up.
      this.#attempt ??= this.#try().finally(() => {
        this.#attempt = undefined;
        this.#announce();
      });
      await this.#pace.wait(TICK_MS, this.#stop.signal);
      this.#announce();
    }
  }

  async #try(): Promise<void> {
    try {
      const start = this.#pace.now();
      const lease = await this.store.read();
      if (lease.version !== this.#seen?.version || this.#seen === undefined)
        this.#seen = { version: lease.version, at: this.#pace.now() };
      const term = this.#termFrom(lease);
      if (term !== undefined && !this.#stop.signal.aborted && (await this.#write(lease, this.identity, term)))
        this.#led = { term, renewedAt: start };
      this.#trouble = "";
    } catch (error) {
      this.#trouble = String((error as Error).message || error);
    }
  }

  /** The term to lead in from now on, or undefined: another one leads. */
  #termFrom({ holder, term, version }: Lease): number | undefined {
    if (holder === this.identity) return term;
    const silentMs = this.#pace.now() - (this.#seen?.at ?? this.#pace.now());
    if (holder !== "" && version !== undefined && silentMs < DURATION_MS) return undefined;
    return Math.max(term + 1, this.#unixTime());
  }

  #write(lease: Lease, holder: string, term: number): Promise<boolean> {
    return this.store.write(lease, holder, term, DURATION_MS / 1000);
  }

  async #release(): Promise<void> {
    const lease = await this.store.read();
    if (lease.holder === this.identity) await this.#write(lease, "", lease.term);
  }

  #announce(): void {
    const { term } = this;
    if (term === this.#announced) return;
    this.#announced = term;
    this.changed(term);
  }
}
