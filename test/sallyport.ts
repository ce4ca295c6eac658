import { runProgram } from "../controller/cli/program.ts";
import type { Terminal } from "../controller/cli/terminal.ts";

/** What a run of `sallyport` writes, without colours, and ends with. */
export async function sallyport(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const out: string[] = [];
  const error: string[] = [];
  const plain = (_: unknown, text: string) => text;
  const terminal: Terminal = {
    out: (text) => out.push(text),
    error: (text) => error.push(text),
    style: plain,
    styleError: plain,
  };
  const code = await runProgram(args, terminal);
  return { code, out: out.join("\n"), error: error.join("\n") };
}
