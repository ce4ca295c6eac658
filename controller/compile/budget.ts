/**
 * Bounds what one overlay's table may cost, so that no set of policies, by accident or on purpose, takes a controller's
 * memory or time away from the others. Counts work, not seconds: equal worlds end equally.
 */
export class Budget {
  private bytes = 0;
  private steps = 0;

  constructor(
    private readonly bytesMost: number,
    private readonly stepsMost: number,
  ) {}

  /** Once spent it stays spent. */
  get spent(): boolean {
    return this.bytes > this.bytesMost || this.steps > this.stepsMost;
  }

  /** Bytes of the gateways' image. */
  spendBytes(bytes: number): void {
    this.bytes += bytes;
  }

  /** Elements looked at, about 10 ns each. */
  spendSteps(steps: number): void {
    this.steps += steps;
  }
}
