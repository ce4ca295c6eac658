import { readFileSync } from "node:fs";

/** Whether the process runs. An orphan stays a zombie until init collects it, which may take its time. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
