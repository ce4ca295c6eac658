import type { Terminal } from "../cli/terminal.ts";

/** A step failed: the sentence says why. */
export class Failure extends Error {}

const WIDTH = 10;
/** Between two looks at what is waited for. */
const PACE_MS = 1000;

/** One line for each step. */
export class Steps {
  constructor(
    private readonly terminal: Terminal,
    private readonly timeoutS: number,
  ) {}

  say(step: string, text: string): void {
    this.terminal.out(`${this.terminal.style("green", "ok  ")}  ${step.padEnd(WIDTH)}  ${text}`);
  }

  fail(text: string): void {
    this.terminal.out(`${this.terminal.style("red", "FAIL")}  ${text}`);
  }

  /** Waits for something; `refusal` ends it early with a reason. */
  async wait(
    isSo: () => Promise<boolean>,
    what: string,
    advice: string,
    refusal: () => Promise<string | undefined> = async () => undefined,
  ): Promise<void> {
    const end = Date.now() + this.timeoutS * 1000;
    for (;;) {
      const reason = await refusal();
      if (reason !== undefined) throw new Failure(reason);
      if (await isSo()) return;
      if (Date.now() > end) throw new Failure(`not within ${this.timeoutS} s: ${what}; ${advice}`);
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }
}
