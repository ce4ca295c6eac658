/** How long to wait before trying again what has just failed, such as a program that crashed. */

const FIRST_MS = 200;
const LONGEST_MS = 10_000;
/** After this long alive a crash is a new trouble, not the old one. */
const STEADY_MS = 30_000;

export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  /** `random` is in [0, 1). */
  constructor(
    random: () => number = Math.random,
    private readonly longestMs = LONGEST_MS,
  ) {
    this.#random = random;
  }

  /** Milliseconds to wait after what went well for `aliveMs`: doubling, less up to half of it at random. */
  next(aliveMs: number): number {
    if (aliveMs >= STEADY_MS) this.#failures = 0;
    const full = Math.min(this.longestMs, FIRST_MS * 2 ** this.#failures);
    this.#failures++;
    return Math.round(full * (1 - this.#random() / 2));
  }
}
