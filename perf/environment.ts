/** The machine that was measured on. */
import { spawnSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import type { Environment } from "./results.ts";

export function environment(projectFolder: string, envoyVersion: string): Environment {
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    commit: commitOf(projectFolder),
    cpu: cpus()[0]?.model ?? "unknown CPU",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    envoy: envoyVersion,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** The short hash, with `+` where files differ from it. */
function commitOf(folder: string): string {
  const git = (...args: string[]) =>
    spawnSync("git", ["-C", folder, ...args], { encoding: "utf8" }).stdout?.trim() ?? "";
  const hash = git("rev-parse", "--short", "HEAD");
  if (hash === "") return "unknown";
  return git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!perf/results") === "" ? hash : `${hash}+`;
}
