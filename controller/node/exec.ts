/** `sallyport exec NODE -- COMMAND`: runs a command inside a node of a running lab, from outside of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { passSignals } from "./pass-signals.ts";
import { isRunning, type RunRecord, runningIn } from "./run-record.ts";

export type ExecOutcome =
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "refused"; readonly reason: string };

/** How often it is looked whether the nodes are still there. */
const LOOK_MS = 500;

/**
 * Runs `argv` in the node with this terminal's input and output and answers its exit code. It ends with the node: without
 * a network it would be of no use to anybody.
 */
export async function execInNode(stateFolder: string, node: string, argv: readonly string[]): Promise<ExecOutcome> {
  const record = await runningIn(stateFolder);
  if (record === undefined) return { kind: "refused", reason: `nothing runs in ${stateFolder}; start sallyport up` };
  const known = NODE_NAME.test(node);
  if (!known) return { kind: "refused", reason: `"${node}" is not the name of a node` };
  const [command, ...rest] = record.kind === "none" ? argv : enterCommand(record, stateFolder, node, argv);
  if (command === undefined) return { kind: "refused", reason: "no command given" };
  const child = spawn(command, rest, { stdio: "inherit" });
  const release = passSignals(child);
  const leash = endWith(record, child);
  const ended = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve([code, signal]));
  }).finally(() => {
    clearInterval(leash);
    release();
  });
  const code = ended[0] ?? 128 + constants.signals[ended[1] ?? "SIGKILL"];
  if (code === NO_NODE) return { kind: "refused", reason: `no node ${node} runs in ${stateFolder}` };
  return { kind: "ended", code };
}

/** When `up` is told to end it ends what runs in its nodes; here for when it was killed. */
function endWith(record: RunRecord, child: ChildProcess): NodeJS.Timeout {
  let signal: NodeJS.Signals = "SIGTERM";
  return setInterval(() => {
    if (isRunning(record)) return;
    child.kill(signal);
    signal = "SIGKILL";
  }, LOOK_MS);
}

const NODE_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
/** Told apart from exit codes of commands by being one that hardly any uses. */
const NO_NODE = 217;

/** The file of the namespace exists only in the lab's own mounts, and joining those forgets the working directory. */
const ENTER = `[ -e "$1" ] || exit ${NO_NODE}
namespace=$1; cd "$2" 2>/dev/null; shift 2
exec nsenter --net="$namespace" -- "$@"`;

/** The command line that runs `argv` inside the node. */
export function enterCommand(
  record: RunRecord,
  stateFolder: string,
  node: string,
  argv: readonly string[],
): readonly string[] {
  const user = record.kind === "userns" ? ["--user", "--preserve-credentials"] : [];
  const file = join(stateFolder, "netns", node);
  const shell = ["sh", "-c", ENTER, "sh", file, process.cwd(), ...argv];
  return ["nsenter", "--target", String(record.pid), ...user, "--mount", "--net", "--", ...shell];
}
