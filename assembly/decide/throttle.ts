const SLOTS: i32 = 1024;
/** Bad tags that a peer may send at once, and what each second adds. */
const BURST: i32 = 32;
const PER_SECOND: i32 = 8;

/**
 * Bounds how often one peer makes us compute an HMAC in vain. Peers are told apart by their node id; two that share a
 * slot take turns with a fresh budget, so a flood can't use up another peer's.
 */
export class Throttle {
  private readonly peers: Uint32Array = new Uint32Array(SLOTS * 2);
  private readonly budgets: Int32Array = new Int32Array(SLOTS);
  private readonly seconds: Uint32Array = new Uint32Array(SLOTS);

  /** May another tag of this peer be checked? `high` and `low` are the halves of its node id. */
  admits(high: u32, low: u32, now: u32): bool {
    return (this.budgets[this.slot(high, low, now)] as i32) > 0;
  }

  /** Charges the peer for a bad tag. */
  charge(high: u32, low: u32, now: u32): void {
    const slot = this.slot(high, low, now);
    this.budgets[slot] = (this.budgets[slot] as i32) - 1;
  }

  private slot(high: u32, low: u32, now: u32): i32 {
    const slot = ((low ^ (high >>> 7)) & (SLOTS - 1)) as i32;
    if (this.peers[slot * 2] != high || this.peers[slot * 2 + 1] != low) {
      this.peers[slot * 2] = high;
      this.peers[slot * 2 + 1] = low;
      this.budgets[slot] = BURST;
      this.seconds[slot] = now;
    } else if (this.seconds[slot] != now) {
      const more = (this.budgets[slot] as i32) + PER_SECOND;
      this.budgets[slot] = more > BURST ? BURST : more;
      this.seconds[slot] = now;
    }
    return slot;
  }
}
