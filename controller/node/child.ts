/** Child processes that cannot outlive the controller. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** What a finished command left behind. `code` is null when a signal ended it. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts `argv` so that the kernel kills it when this process ends, however it ends. The pid is that of the command
 * itself: the wrapper replaces itself. Call it on the main thread: the kernel watches the thread that started it.
 */
export function spawnBound(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [command, ...rest] = boundCommand(argv);
  return spawn(command as string, rest, options);
}

/** The command line of `spawnBound`, for a process that this one starts. */
export function boundCommand(argv: readonly string[]): string[] {
  // Nothing announces the end of a parent that ended before it was asked for, so that is looked up afterwards.
  const unlessOrphan = ["sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', String(process.pid)];
  return ["setpriv", "--pdeathsig", "KILL", "--", ...unlessOrphan, ...argv];
}

/** Runs `argv` to its end, feeding `input`. Fails only when it cannot be started. */
export async function runToEnd(argv: readonly string[], input = "", options: SpawnOptions = {}): Promise<Finished> {
  return finished(spawnBound(argv, { ...options, stdio: "pipe" }), input);
}

/** Like `runToEnd`, but an exit code other than 0 is an error that carries what the command said. */
export async function runOrFail(argv: readonly string[], input = "", options: SpawnOptions = {}): Promise<string> {
  const end = await runToEnd(argv, input, options);
  if (end.code === 0) return end.stdout;
  const said = end.stderr.trim() || end.stdout.trim() || "it said nothing";
  throw new Error(`${argv.join(" ")} ended with ${end.code ?? end.signal}: ${said}`);
}

function finished(child: ChildProcess, input: string): Promise<Finished> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
  // A command that ends without reading its input is judged by its exit code, not by the broken pipe.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}
