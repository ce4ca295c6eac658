/** A signal that ends npx, or the shell that npx starts us in, doesn't reach us. Tried with npm 11. */
import { readFileSync } from "node:fs";

const LOOK_MS = 250;

/** If npx has started this program, sends it the SIGTERM that npx kept, as soon as npx or its shell has ended. */
export function endWithNpx(env: NodeJS.ProcessEnv = process.env): void {
  // Children inherit the variables: the script says whether it is this program that npx was asked for.
  if (env.npm_lifecycle_event !== "npx" || env.npm_lifecycle_script !== "'sallyport'") return;
  const shell = process.ppid;
  const npx = parentOf(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npx) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, LOOK_MS);
  timer.unref();
}

/** Undefined where there is no such process, or no /proc. */
function parentOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the command name, which may contain anything, come the state and the parent.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
  } catch {
    return undefined;
  }
}
