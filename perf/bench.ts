/** `npm run bench`: runs the scenarios in a private lab and writes what they find to perf/results. */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOrFail } from "../controller/node/child.ts";
import { ensureEnvoy, projectFolder } from "../controller/node/envoy.ts";
import { currentLab, enterLab } from "../controller/node/lab-entry.ts";
import { detectLab } from "../controller/node/lab-support.ts";
import type { MeshTools } from "../test/istio/mesh-plane.ts";
import { environment } from "./environment.ts";
import { meshTools } from "./mesh/mesh-tools.ts";
import { type BenchOptions, benchOptions, USAGE } from "./options.ts";
import { report } from "./report.ts";
import type { BenchResults, Environment } from "./results.ts";
import { runScenarios } from "./scenarios/run.ts";
import { buildTools, type Tools } from "./tools.ts";

/** What the program hands to itself inside the lab. */
const PREPARED = "SALLYPORT_BENCH";

interface Prepared {
  readonly stateFolder: string;
  readonly envoy: string;
  readonly environment: Environment;
  /** Or why flows can't be measured. */
  readonly tools: Tools | { readonly reason: string };
  readonly mesh: MeshTools | { readonly reason: string };
}

const started = performance.now();

function say(message: string): void {
  console.error(`bench: ${((performance.now() - started) / 1000).toFixed(0).padStart(3)} s  ${message}`);
}

async function main(): Promise<number> {
  const options = benchOptions(process.argv.slice(2));
  if ("complaint" in options) {
    console.error(`${options.complaint}\n\n${USAGE}`);
    return 2;
  }
  const prepared = process.env[PREPARED];
  if (prepared !== undefined && currentLab() !== undefined) return measure(options, JSON.parse(prepared) as Prepared);
  return prepareAndEnter(options);
}

/** Outside of the lab: everything that needs the network or outlives the lab. */
async function prepareAndEnter(options: BenchOptions): Promise<number> {
  const folder = projectFolder();
  const envoy = await ensureEnvoy(say);
  const tools = buildTools(folder);
  const lab = await detectLab();
  const mesh = await preparedMesh(options, lab.kind, envoy.path);
  const stateFolder = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  try {
    const prepared: Prepared = {
      stateFolder,
      envoy: envoy.path,
      environment: environment(folder, envoy.version),
      tools,
      mesh,
    };
    if (lab.kind === "none")
      return await measure(options, { ...prepared, tools: { reason: `no network namespaces: ${lab.reason}` } });
    process.env[PREPARED] = JSON.stringify(prepared);
    return await enterLab(lab.kind);
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

/** Sidecars run as another user than their apps, which only root can arrange. */
async function preparedMesh({ only }: BenchOptions, lab: string, envoy: string): Promise<Prepared["mesh"]> {
  if (!only.has("g")) return { reason: "it was not asked for" };
  return lab === "root" ? meshTools(envoy, say) : { reason: "it needs root" };
}

async function measure(
  { quick, only }: BenchOptions,
  { stateFolder, envoy, environment, tools, mesh }: Prepared,
): Promise<number> {
  const folder = projectFolder();
  const ground = {
    quick,
    projectFolder: folder,
    stateFolder,
    envoy,
    mesh,
    say,
    ...("reason" in tools ? { loadProgram: "", noopFilter: "" } : tools),
  };
  if (currentLab() !== undefined) await runOrFail(["ip", "link", "set", "lo", "up"]);
  const scenarios = await runScenarios(ground, only, "reason" in tools ? tools.reason : undefined);
  const results: BenchResults = {
    environment,
    quick,
    seconds: Math.round((performance.now() - started) / 1000),
    scenarios,
  };
  const text = report(results);
  await mkdir(join(folder, "perf", "results"), { recursive: true });
  await writeFile(join(folder, "perf", "results", "latest.json"), `${JSON.stringify(results, roundedNumbers, 1)}\n`);
  await writeFile(join(folder, "perf", "results", "latest.md"), text);
  console.log(text);
  return scenarios.some(({ skipped }) => skipped !== undefined) ? 1 : 0;
}

/** Six significant digits are more than any measurement here has. */
function roundedNumbers(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}

process.exit(await main());
