/** How often each key is held, and whether any is held twice. */
export class Tally<K> {
  private readonly counts = new Map<K, number>();
  private repeated = 0;

  add(key: K): void {
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    if (count === 2) this.repeated++;
  }

  remove(key: K): void {
    const count = (this.counts.get(key) ?? 0) - 1;
    if (count > 0) this.counts.set(key, count);
    else this.counts.delete(key);
    if (count === 1) this.repeated--;
  }

  isShared(key: K): boolean {
    return (this.counts.get(key) ?? 0) > 1;
  }

  /** Some key is held more than once. */
  get anyShared(): boolean {
    return this.repeated > 0;
  }
}
