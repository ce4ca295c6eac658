import { Repeats } from "../serve/repeats.ts";

/** Longer lines are cut: parts of them come from the cluster. */
const LINE_MAX = 2000;

/** One line per event, without secrets. */
export class Log {
  readonly #repeats = new Repeats();

  constructor(private readonly write: (line: string) => void) {}

  say(text: string): void {
    const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, " ");
    this.write(`${new Date().toISOString()} ${line.slice(0, LINE_MAX)}`);
  }

  /** Of the same troubles only some are said. */
  trouble(text: string): void {
    const times = this.#repeats.count(text);
    if (times !== undefined) this.say(times === 1 ? text : `${text} (${times} times by now)`);
  }
}
