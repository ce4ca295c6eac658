/** `running.json` in the state folder: who runs it now, so that other commands find it and a second run is refused. */
import { readFileSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabKind } from "./lab-support.ts";

export interface RunRecord {
  readonly pid: number;
  /** Start of that process in clock ticks since boot: a pid alone may be somebody else's by now. */
  readonly started: string;
  /** `none`: nodes run without namespaces. */
  readonly kind: LabKind | "none";
}

export type Claim = { readonly claimed: true } | { readonly claimed: false; readonly holder: RunRecord };

/** Makes this process the one that runs the state folder, unless another that still lives does. */
export async function claimStateFolder(stateFolder: string, kind: RunRecord["kind"]): Promise<Claim> {
  const holder = await runningIn(stateFolder);
  if (holder !== undefined && holder.pid !== process.pid) return { claimed: false, holder };
  const record: RunRecord = { pid: process.pid, started: startOf(process.pid) ?? "", kind };
  const draft = `${recordFile(stateFolder)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(draft, recordFile(stateFolder));
  return { claimed: true };
}

export async function releaseStateFolder(stateFolder: string): Promise<void> {
  const holder = await runningIn(stateFolder);
  if (holder?.pid === process.pid) await rm(recordFile(stateFolder), { force: true });
}

/** The living process that runs this state folder. */
export async function runningIn(stateFolder: string): Promise<RunRecord | undefined> {
  const text = await readFile(recordFile(stateFolder), "utf8").catch(() => undefined);
  const record = text === undefined ? undefined : parse(text);
  return record !== undefined && isRunning(record) ? record : undefined;
}

/** Whether the process of the record still lives. */
export function isRunning({ pid, started }: RunRecord): boolean {
  return startOf(pid) === started;
}

function recordFile(stateFolder: string): string {
  return join(stateFolder, "running.json");
}

function parse(text: string): RunRecord | undefined {
  try {
    const { pid, started, kind } = JSON.parse(text) as RunRecord;
    return Number.isInteger(pid) && pid > 0 ? { pid, started, kind } : undefined;
  } catch {
    // A half-written record of a machine that went down: nobody runs.
    return undefined;
  }
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name, field 2, may contain spaces and parentheses; the start time is field 22.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
