/** Runs a program of the test tier inside a lab and reports what it printed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, jest } from "@jest/globals";
import { detectLab, type LabSupport } from "../../controller/node/lab-support.ts";

const LOADER = new URL("./typescript.mjs", import.meta.url).href;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `file` (relative to this folder) as its own process; it enters the lab itself. */
export function startProgram(file: string, args: readonly string[] = [], prefix: readonly string[] = []): ChildProcess {
  const path = new URL(file, import.meta.url).pathname;
  const [command, ...rest] = [...prefix, process.execPath, "--import", LOADER, path, ...args];
  return spawn(command as string, rest, { stdio: ["ignore", "pipe", "pipe"] });
}

export async function runProgram(
  file: string,
  args: readonly string[] = [],
  prefix: readonly string[] = [],
): Promise<Ran> {
  const child = startProgram(file, args, prefix);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => (stdout += chunk));
  child.stderr?.on("data", (chunk) => (stderr += chunk));
  const [code] = await once(child, "close");
  return { code: code as number | null, stdout, stderr };
}

/** The JSON value on the last line that the program printed. */
export function lastJson(ran: Ran): unknown {
  const line = ran.stdout.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`no result (exit ${ran.code}): ${ran.stdout}\n${ran.stderr}`);
  }
}

/** `describe`, or skipped with the reason where the machine allows no namespaces. In CI it may not be skipped. */
export function describeLab(support: LabSupport, name: string, body: () => void): void {
  // Loading TypeScript and building a lab takes a second or two on a busy machine.
  jest.setTimeout(30_000);
  if (support.kind !== "none") describe(name, body);
  else if (process.env.CI) throw new Error(`these tests may not be skipped in CI: ${support.reason}`);
  else describe.skip(`${name} (skipped: ${support.reason})`, body);
}

export const labSupport = await detectLab();
