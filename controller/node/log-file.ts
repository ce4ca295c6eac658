/**
 * Log files that programs write themselves, kept within bounds from outside. Not through a pipe: a program must not
 * stand still because the controller is busy.
 */
import { closeSync, openSync } from "node:fs";
import { copyFile, open, stat, truncate } from "node:fs/promises";

const MAX_BYTES = 10_000_000;
const TAIL_BYTES = 8192;

/** Opens the log for a child and closes our copy after `use`. */
export function withLog<T>(path: string, use: (descriptor: number) => T): T {
  // Appending: writes land at the end also after the file was cut.
  const descriptor = openSync(path, "a", 0o600);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Moves the content to `path.1` when there is more than `maxBytes`. What is written meanwhile may get lost. */
export async function cutLog(path: string, maxBytes = MAX_BYTES): Promise<boolean> {
  const { size } = await stat(path);
  if (size <= maxBytes) return false;
  await copyFile(path, `${path}.1`);
  await truncate(path);
  return true;
}

/** The last lines of the log, at most 8 KiB; empty when there is none. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    const lines = buffer.subarray(0, bytesRead).toString().trimEnd().split("\n");
    return lines.filter((line) => line !== "").slice(-count);
  } finally {
    await file.close();
  }
}
