const FIRST_MS: u32 = 100;
const LAST_MS: u32 = 5000;

/** How long to wait after a failure: twice as long each time, and half of it random, so that nodes don't fall into step. */
export class Backoff {
  private wholeMs: u32 = 0;
  private noise: u32;

  /** Different seeds give different waits. */
  constructor(seed: string) {
    let hash: u32 = 2166136261;
    for (let i = 0; i < seed.length; i++) hash = (hash ^ (seed.charCodeAt(i) as u32)) * 16777619;
    this.noise = hash | 1;
  }

  reset(): void {
    this.wholeMs = 0;
  }

  /** Milliseconds until the next try: 50 to 100 at first, 2500 to 5000 at last. */
  next(): u32 {
    this.wholeMs = this.wholeMs == 0 ? FIRST_MS : this.wholeMs * 2;
    if (this.wholeMs > LAST_MS) this.wholeMs = LAST_MS;
    const half = this.wholeMs / 2;
    return half + (this.random() % (half + 1));
  }

  /** Marsaglia's xorshift. */
  private random(): u32 {
    this.noise ^= this.noise << 13;
    this.noise ^= this.noise >> 17;
    this.noise ^= this.noise << 5;
    return this.noise;
  }
}
