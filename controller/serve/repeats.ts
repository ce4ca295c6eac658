/** More are told apart only until one is forgotten. */
const MAX_TOLD = 1024;

/** Says which of the same messages are worth a line: the first, the second, the fourth, the eighth, ... */
export class Repeats {
  readonly #told = new Map<string, number>();

  /** How often there was this one by now, if it is to be said. */
  count(key: string): number | undefined {
    const times = (this.#told.get(key) ?? 0) + 1;
    this.#told.delete(key);
    if (this.#told.size >= MAX_TOLD) this.#told.delete(this.#told.keys().next().value as string);
    this.#told.set(key, times);
    return Number.isInteger(Math.log2(times)) ? times : undefined;
  }
}
