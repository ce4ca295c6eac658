/** How long to wait before starting a crashed program again. */

const FIRST_MS = 200;
const LONGEST_MS = 10_000;
/** After this long alive a crash is a new trouble, not the old one. */
const STEADY_MS = 30_000;

export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  /** `random` is in [0, 1). */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds to wait after a program that lived for `aliveMs`: doubling, less up to half of it at random. */
  next(aliveMs: number): number {
    if (aliveMs >= STEADY_MS) this.#failures = 0;
    const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures++;
    return Math.round(full * (1 - this.#random() / 2));
  }
}
