import { runProgram } from "../controller/cli/program.ts";
import type { Terminal } from "../controller/cli/terminal.ts";

/** What a run of `sallyport` wrote, without colours, and ended with. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export async function sallyport(...args: string[]): Promise<Ran> {
  return sallyportHeard(() => {}, ...args);
}

/** Tells each text that goes to standard output as soon as it does. */
export async function sallyportHeard(heard: (text: string) => void, ...args: string[]): Promise<Ran> {
  const out: string[] = [];
  const error: string[] = [];
  const plain = (_: unknown, text: string) => text;
  const terminal: Terminal = {
    out: (text) => {
      out.push(text);
      heard(text);
    },
    error: (text) => error.push(text),
    style: plain,
    styleError: plain,
  };
  const code = await runProgram(args, terminal);
  return { code, out: out.join("\n"), error: error.join("\n") };
}
