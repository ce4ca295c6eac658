/** What is compiled for a bench: the load generator, and the filter that does nothing. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

export interface Tools {
  readonly loadProgram: string;
  /** Wasm code. */
  readonly noopFilter: string;
}

/** Paths of the programs in `build/perf`, or why there are none. */
export function buildTools(projectFolder: string): Tools | { readonly reason: string } {
  const target = join(projectFolder, "build", "perf");
  mkdirSync(target, { recursive: true });
  const tools = { loadProgram: join(target, "load"), noopFilter: join(target, "noop.wasm") };
  const failure =
    buildLoad(join(projectFolder, "perf", "load"), tools.loadProgram) ?? buildNoop(projectFolder, tools.noopFilter);
  return failure === undefined ? tools : { reason: failure };
}

function buildLoad(sources: string, program: string): string | undefined {
  const files = readdirSync(sources).filter((name) => name.endsWith(".c"));
  const compiler = process.env.CC ?? "cc";
  const { status, stderr, error } = spawnSync(
    compiler,
    ["-O2", "-o", program, ...files.map((name) => join(sources, name))],
    { encoding: "utf8" },
  );
  if (error) return `no C compiler: ${compiler} cannot be started; install one (Debian: apt-get install gcc libc6-dev)`;
  return status === 0 ? undefined : `${compiler} cannot compile the load generator: ${stderr.trim()}`;
}

function buildNoop(projectFolder: string, code: string): string | undefined {
  const compiler = join(projectFolder, "node_modules", "assemblyscript", "bin", "asc.js");
  const source = join(projectFolder, "perf", "plane", "noop-filter.ts");
  const options = ["-O3", "--runtime", "stub", "--use", "abort=", "--exportStart", "_initialize", "-o", code];
  const { status, stderr } = spawnSync(process.execPath, [compiler, source, ...options], { encoding: "utf8" });
  return status === 0 ? undefined : `asc cannot compile ${source}: ${stderr.trim()}`;
}
