/** Keeps certificates fresh: each is replaced at half its life. */
import type { Authority, Clock, Issued } from "./authority.ts";

/** Something that needs a certificate: a node's folder, or the controller's own server. */
export interface Holder {
  readonly name: string;
  /** SPIFFE id. */
  readonly identity: string;
  /** Takes each new certificate. */
  accept(issued: Issued): Promise<void> | void;
}

export interface RenewalEvents {
  renewed?(name: string, notAfter: number): void;
  /** The old certificate stays in use and the next tick tries again. */
  failed?(name: string, error: unknown): void;
}

const TICK_MS = 1000;

export class Renewal {
  readonly #authority: Authority;
  readonly #clock: Clock;
  readonly #events: RenewalEvents;
  readonly #held = new Map<string, { readonly holder: Holder; due: number }>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(authority: Authority, clock: Clock, events: RenewalEvents = {}) {
    this.#authority = authority;
    this.#clock = clock;
    this.#events = events;
  }

  /** Issues the first certificate now and those after it in time. A holder of the same name is replaced. */
  async keep(holder: Holder): Promise<void> {
    const due = await this.#issue(holder);
    this.#held.set(holder.name, { holder, due });
  }

  drop(name: string): void {
    this.#held.delete(name);
  }

  /** Renews whatever is past half its life; `start` calls it every second. */
  renewDue(): Promise<void> {
    const run = this.#running.then(async () => {
      const now = this.#clock.now();
      for (const entry of [...this.#held.values()]) if (entry.due <= now) await this.#renew(entry);
    });
    this.#running = run;
    return run;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.renewDue(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #renew(entry: { readonly holder: Holder; due: number }): Promise<void> {
    try {
      entry.due = await this.#issue(entry.holder);
    } catch (error) {
      this.#events.failed?.(entry.holder.name, error);
    }
  }

  async #issue(holder: Holder): Promise<number> {
    const now = this.#clock.now();
    const issued = await this.#authority.issue(holder.identity);
    await holder.accept(issued);
    this.#events.renewed?.(holder.name, issued.notAfter);
    return (now + issued.notAfter) / 2;
  }
}
