/** Programs of Go modules, built once into the project's cache: several processes may ask at once, one of them builds. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { spawnBound } from "../../controller/node/child.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { goCommand } from "./go.ts";

/** Of a build with nothing in Go's own caches, on two cores that are busy with other things. */
export const BUILD_MS = 30 * 60_000;
const REPORT_MS = 10_000;

export interface GoProgram {
  /** File name of the program. */
  readonly name: string;
  /** What is said before it is built. */
  readonly purpose: string;
  /** Absolute folder of its module: go.mod, go.sum and sources, if it has any. */
  readonly module: string;
  /** `.`, or a package of a module that go.mod requires. */
  readonly package: string;
  /** Of the linker: `-X path.name=value`. */
  readonly settings: readonly string[];
}

export type Progress = (line: string) => void;

/** Path of the program: `.cache/CACHE/DIGEST/NAME`. What it is made of, but for the compiler, names its folder. */
export async function ensureProgram(cache: string, program: GoProgram, progress: Progress): Promise<string> {
  const flags = buildFlags(program);
  const folder = join(projectFolder(), ".cache", cache, await digest(program.module, flags));
  const path = join(folder, program.name);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  await build(program, path, flags, progress);
  return path;
}

/** Without -trimpath, other people's builds of the same packages are of no use. */
function buildFlags({ settings }: GoProgram): string[] {
  return ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", ["-s -w", ...settings].join(" ")];
}

async function digest(module: string, flags: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(flags.join(" "));
  for (const name of (await readdir(module)).sort()) hash.update(name).update(await readFile(join(module, name)));
  return hash.digest("hex").slice(0, 16);
}

async function build(
  { name, purpose, module, package: made }: GoProgram,
  path: string,
  flags: readonly string[],
  progress: Progress,
): Promise<void> {
  const { argv, env } = goCommand(["build", "-v", ...flags, "-o", `${path}.new`, made]);
  const once = '[ -e "$0" ] || { "$@" && mv "$0.new" "$0"; }';
  const locked = ["flock", `${path}.lock`, "sh", "-c", once, path, ...argv];
  const child = spawnBound(locked, { cwd: module, env, stdio: ["ignore", "ignore", "pipe"], timeout: BUILD_MS });
  const report = new Report((line) => progress(`${name}: ${line}`));
  progress(`${name}: ${purpose}, once; this takes minutes`);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) report.line(line);
  const code = await ended;
  if (code !== 0) throw new Error(`${name} can't be built (go ended with ${code}):\n${report.last}`);
  report.done();
}

/** Says now and then how far the compiler is. It prints a line per package, and one per download. */
class Report {
  readonly #start = Date.now();
  readonly #lines: string[] = [];
  #reported = Date.now();
  #compiled = 0;

  constructor(private readonly progress: Progress) {}

  line(text: string): void {
    this.#lines.push(text);
    if (!text.startsWith("go: ")) this.#compiled++;
    if (Date.now() - this.#reported < REPORT_MS) return;
    this.#reported = Date.now();
    this.progress(`${this.#compiled} packages compiled after ${this.#seconds()} s`);
  }

  done(): void {
    this.progress(`built in ${this.#seconds()} s`);
  }

  get last(): string {
    return this.#lines.slice(-20).join("\n");
  }

  #seconds(): number {
    return Math.round((Date.now() - this.#start) / 1000);
  }
}
