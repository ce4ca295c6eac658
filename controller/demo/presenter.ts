/** What the demo says: live progress on a terminal, plain lines into a pipe. */
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

export class Presenter {
  readonly #out: NodeJS.WriteStream;
  #failures = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Things that were observed but not expected. */
  get failures(): number {
    return this.#failures;
  }

  heading(text: string): void {
    this.#line(`\n${this.#paint("bold", text)}`);
  }

  note(text: string): void {
    this.#line(`  ${text}`);
  }

  /** Shows what goes on, for as long as it does. */
  async during<T>(text: string, work: () => Promise<T>): Promise<T> {
    if (!this.#out.isTTY) return work();
    this.#out.write(`  ${this.#paint("dim", `${text} ...`)}`);
    try {
      return await work();
    } finally {
      this.#out.write("\r\x1b[K");
    }
  }

  /** One observation: as expected, or a failure of the demo. */
  check(expected: boolean, text: string): void {
    if (!expected) this.#failures++;
    const mark = expected ? this.#paint("green", "ok  ") : this.#paint("red", "FAIL");
    this.#line(`  ${mark} ${text}`);
  }

  /** Rows of cells in aligned columns. A cell that starts with `!` is a difference and is shown in red. */
  table(rows: readonly (readonly string[])[]): void {
    const widths = (rows[0] ?? []).map((_, column) =>
      Math.max(...rows.map((row) => (row[column] ?? "").replace(/^!/, "").length)),
    );
    for (const row of rows) {
      const cells = row.map((cell, column) => {
        const text = cell.replace(/^!/, "").padEnd(widths[column] ?? 0);
        return cell.startsWith("!") ? this.#paint("red", text) : text;
      });
      this.#line(`  ${cells.join("  ").trimEnd()}`);
    }
  }

  #paint(style: Style, text: string): string {
    const plain = !this.#out.isTTY || process.env.NO_COLOR !== undefined;
    return plain ? text : styleText(style, text, { validateStream: false });
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`);
  }
}
