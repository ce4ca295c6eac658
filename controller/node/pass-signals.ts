import type { ChildProcess } from "node:child_process";

/** Passes on to `child` what asks this process to end, which so lives as long as the child. Returns what undoes it. */
export function passSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  const interrupt = () => {
    // A terminal has sent it to the whole foreground group already.
    if (!process.stdin.isTTY) child.kill("SIGINT");
  };
  process.on("SIGTERM", forward).on("SIGHUP", forward).on("SIGINT", interrupt);
  return () => void process.off("SIGTERM", forward).off("SIGHUP", forward).off("SIGINT", interrupt);
}
