/** How a table may be laid out, and what it may cost. */
export interface TableLimits {
  /** Bytes of the gateways' image. */
  readonly bytes: number;
  /** Elements looked at, some 100 ns each. */
  readonly steps: number;
  /** A set that tells more classes than this apart does so by region, not class by class. */
  readonly exceptions: number;
}

/**
 * At the worst about 1 GiB of memory and a few seconds. A realistic world of 100,000 endpoints and 100,000 policies takes
 * a third of the steps. An exception takes 24 bytes, a region 2 for every class.
 */
export function defaultLimits(classCount: number): TableLimits {
  return { bytes: 160 * 2 ** 20, steps: 2.5e7, exceptions: Math.floor(classCount / 12) };
}

/**
 * Bounds what one overlay's table may cost, so that no set of policies, by accident or on purpose, takes a controller's
 * memory or time away from the others. Counts work, not seconds: equal worlds end equally.
 */
export class Budget {
  private bytes = 0;
  private steps = 0;

  constructor(readonly limits: TableLimits) {}

  /** Once spent it stays spent. */
  get spent(): boolean {
    return this.bytes > this.limits.bytes || this.steps > this.limits.steps;
  }

  /** More than half is spent. */
  get halfSpent(): boolean {
    return this.bytes * 2 > this.limits.bytes || this.steps * 2 > this.limits.steps;
  }

  spendBytes(bytes: number): void {
    this.bytes += bytes;
  }

  spendSteps(steps: number): void {
    this.steps += steps;
  }
}
