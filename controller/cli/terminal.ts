import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Where a command writes: answers to `out`, everything else to `error`. */
export interface Terminal {
  /** Writes text and a line feed. */
  out(text: string): void;
  error(text: string): void;
  /** Text for `out` in a colour, if that is a terminal and NO_COLOR isn't set. */
  style(style: Style, text: string): string;
  styleError(style: Style, text: string): string;
}

export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  style: (style, text) => (isColoured(process.stdout) ? styled(style, text) : text),
  styleError: (style, text) => (isColoured(process.stderr) ? styled(style, text) : text),
};

/** https://no-color.org: any value but an empty one turns colours off. */
function isColoured(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}

function styled(style: Style, text: string): string {
  return styleText(style, text, { validateStream: false });
}
