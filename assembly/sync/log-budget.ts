/** Lines that are logged at once, and how many more each second adds: a flood must not fill a disk. */
const BURST: i32 = 50;
const PER_SECOND: i32 = 10;

/** Bounds how many lines of one sort are written. */
export class LogBudget {
  /** Lines that weren't written since the last that was. */
  suppressed: u32 = 0;
  private left: i32 = BURST;
  private second: u32 = 0;

  /** May a line be written? `now`: unix seconds. */
  take(now: u32): bool {
    if (now != this.second) {
      this.second = now;
      this.left = this.left + PER_SECOND > BURST ? BURST : this.left + PER_SECOND;
    }
    if (this.left <= 0) {
      this.suppressed++;
      return false;
    }
    this.left--;
    return true;
  }
}
