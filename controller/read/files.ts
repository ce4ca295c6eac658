import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Rejection } from "../model/resources.ts";
import { DocumentReader, fileRejection } from "./documents.ts";
import { decodeWorld, type Reading, type SourceText } from "./world.ts";

/** Larger files are refused unread. */
export const FILE_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads a file, a directory (all *.yaml, *.yml and *.json below it, in the order of their paths, dot folders left out),
 * or standard input (`-`).
 */
export function readWorld(...paths: readonly string[]): Promise<Reading> {
  return new WorldReader().read(...paths);
}

/** Reads the same paths again and again; objects whose text is unchanged cost little. */
export class WorldReader {
  readonly #documents = new DocumentReader();

  async read(...paths: readonly string[]): Promise<Reading> {
    const { sources, unreadable } = await readSources(...paths);
    const reading = decodeWorld(sources, this.#documents);
    return { ...reading, unreadable: [...unreadable, ...reading.unreadable] };
  }
}

/** The texts that paths lead to, as `readWorld` takes them. */
export async function readSources(
  ...paths: readonly string[]
): Promise<{ sources: SourceText[]; unreadable: Rejection[] }> {
  const sources: SourceText[] = [];
  const unreadable: Rejection[] = [];
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      const source = "message" in file ? file : await readText(file.file);
      if ("message" in source) unreadable.push(source);
      else sources.push(source);
    }
  }
  return { sources, unreadable };
}

type Found = { readonly file: string } | Rejection;

async function filesOf(path: string): Promise<Found[]> {
  if (path === "-") return [{ file: path }];
  try {
    if (!(await stat(path)).isDirectory()) return [{ file: path }];
    const files = await filesBelow(path);
    return files.length > 0
      ? files.map((file) => ({ file }))
      : [fileRejection(path, 0, "holds no *.yaml, *.yml or *.json file")];
  } catch (error) {
    return [fileRejection(path, 0, reason(error))];
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = (await readdir(directory, { withFileTypes: true })).filter((entry) => !entry.name.startsWith("."));
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) files.push(...(await filesBelow(path)));
    else if (/\.(yaml|yml|json)$/.test(entry.name) && (await stat(path)).isFile()) files.push(path);
  }
  return files;
}

function readText(file: string): Promise<SourceText | Rejection> {
  return file === "-" ? readStandardInput() : readStream(file, createReadStream(file));
}

/** It can be read once, and may be asked for by several tests. */
const inputs = new WeakMap<NodeJS.ReadableStream, Promise<SourceText | Rejection>>();

async function readStandardInput(): Promise<SourceText | Rejection> {
  const reading = inputs.get(process.stdin) ?? readStream("standard input", process.stdin);
  inputs.set(process.stdin, reading);
  const source = await reading;
  // Of a pipe whose first command failed; a world without policy would be an answer of its own.
  if ("message" in source || source.text.trim() !== "") return source;
  return fileRejection(source.file, 0, "is empty: did the command before it fail?");
}

async function readStream(name: string, stream: NodeJS.ReadableStream): Promise<SourceText | Rejection> {
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of stream) {
      length += (chunk as Buffer).length;
      if (length > FILE_MAX_BYTES)
        return fileRejection(name, 0, `is larger than ${FILE_MAX_BYTES >> 20} MiB: split it`);
      chunks.push(chunk as Buffer);
    }
    return { file: name, text: new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch (error) {
    return fileRejection(name, 0, reason(error));
  }
}

function reason(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === "ENOENT") return "does not exist: check the path";
  if (code === "EACCES" || code === "EPERM") return "may not be read: check its permissions";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "is not UTF-8 text";
  return `can't be read: ${error instanceof Error ? error.message : String(error)}`;
}
