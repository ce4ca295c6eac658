/** The processes of a network namespace, whoever started them. */
import { readdirSync, statSync } from "node:fs";

const GRACE_MS = 1000;
const LOOK_MS = 20;

/** Ends all of them: asks first, and kills those that are still there after a second. */
export async function endInhabitants(namespaceFile: string): Promise<void> {
  const asked = new Set<number>();
  const patient = performance.now() + GRACE_MS;
  for (let pids = inhabitants(namespaceFile); pids.length > 0; pids = inhabitants(namespaceFile)) {
    const now = performance.now();
    // One that even this doesn't end is stuck in the kernel, and has nothing to reach.
    if (now > patient + GRACE_MS) return;
    for (const pid of pids) {
      if (now > patient) end(pid, "SIGKILL");
      else if (!asked.has(pid)) end(pid, "SIGTERM");
      asked.add(pid);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Their process ids. `namespaceFile` is where the namespace is mounted, or its link in /proc. */
export function inhabitants(namespaceFile: string): number[] {
  const wanted = identity(namespaceFile);
  // Ours is shared with the rest of the machine, or with the controller.
  if (wanted === undefined || wanted === identity("/proc/self/ns/net")) return [];
  const pids = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
  return pids.filter((pid) => identity(`/proc/${pid}/ns/net`) === wanted).map(Number);
}

/** Undefined for a process that has ended, or that is another user's. */
function identity(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file);
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
