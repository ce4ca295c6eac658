/** Claims and what became of them: one that fails to be tried says so, and the others are tried all the same. */
export class Claims {
  readonly outcomes: Record<string, unknown> = {};

  async see(claim: string, attempt: () => Promise<unknown>): Promise<void> {
    if (claim in this.outcomes) throw new Error(`two claims are called "${claim}"`);
    const start = performance.now();
    this.outcomes[claim] = await attempt().catch((error: Error) => `not tried: ${error.message}`);
    if (process.env.VERBOSE) {
      const took = Math.round(performance.now() - start);
      console.error(`${String(took).padStart(6)} ms  ${claim}: ${JSON.stringify(this.outcomes[claim])}`);
    }
  }
}
