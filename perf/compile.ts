/**
 * Compile time, image sizes and memory, for one world per process so that memory is that world's own:
 * `node build/js/perf/compile.js realistic|adversarial [endpoints policies namespaces]` prints one line of JSON;
 * without arguments both worlds run at 10,000 x 10,000 x 500, each in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { compile } from "../controller/compile/compile.ts";
import type { CompiledGateway, CompiledPolicy } from "../controller/compile/compiled.ts";
import { INTERVAL_WORDS, type VerdictTable } from "../controller/compile/verdict-table.ts";
import { encodeImage, type Issue } from "../controller/image/encode.ts";
import { type PreparedImages, prepareImages } from "../controller/image/prepare.ts";
import { editCosts } from "./following.ts";
import { median, p99 } from "./statistics.ts";
import { adversarialWorld, OVERLAY, realisticWorld } from "./worlds.ts";

const GENERATORS = { realistic: realisticWorld, adversarial: adversarialWorld };
const ROUNDS = 5;
/** Endpoints whose images are encoded. */
const SAMPLE = 200;
/** Of each kind. */
const EDITS = 120;
const NO_KEYS: Issue = { term: 1, sequence: 1, notAfter: 1, keys: [] };

type WorldKind = keyof typeof GENERATORS;

function measure(kind: WorldKind, endpoints: number, policies: number, namespaces: number): object {
  const size = { endpoints, policies, namespaces, seed: 1 };
  const world = GENERATORS[kind](size);
  const worldAlone = mebibytes(process.memoryUsage.rss());
  const compiled = repeated(() => compile(world, OVERLAY));
  const { policy, rejections } = compiled.value;
  const prepared = repeated(() => prepareImages(policy, sha256));
  const images = imagesOf(prepared.value, policy);
  return {
    world: kind,
    ...size,
    rejections: rejections.length,
    compileMs: compiled.ms,
    prepareMs: prepared.ms,
    ...images,
    edits: editCosts(world, EDITS).map(({ edit, ms, cpuMs, restarts }) => {
      return { edit, median: round(median(ms)), p99: round(p99(ms)), medianCpu: round(median(cpuMs)), restarts };
    }),
    rssMiB: { worldAlone, most: Math.round(process.resourceUsage().maxRSS / 1024) },
    table: tableSize(policy.table),
  };
}

function imagesOf(prepared: PreparedImages, { endpoints, gateways }: CompiledPolicy): object {
  const sample = endpoints.filter((_, i) => i % Math.ceil(endpoints.length / SAMPLE) === 0);
  const ofEndpoints = timed(() => sample.map((node) => encodeImage(prepared, node, NO_KEYS).length));
  const ofGateway = timed(() => encodeImage(prepared, gateways[0] as CompiledGateway, NO_KEYS).length);
  const endpointMost = Math.max(...ofEndpoints.value);
  return {
    encodeMs: { gateway: ofGateway.ms, endpoint: round(ofEndpoints.ms / sample.length) },
    imageBytes: { gateway: ofGateway.value, endpointMedian: median(ofEndpoints.value), endpointMost },
  };
}

function tableSize({ classes, rows, columns, portSets, intervals, rules }: VerdictTable): object {
  return {
    classes: classes.length,
    rows: rows.length,
    exceptions: rows.reduce((sum, row) => sum + row.classes.length, 0),
    columns: columns.length,
    portSets: portSets.length,
    intervals: intervals.length / INTERVAL_WORDS,
    rules: rules.length,
  };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

interface Runs<T> {
  readonly value: T;
  readonly ms: { readonly first: number; readonly median: number; readonly medianCpu: number };
}

/** The first run is what a controller that just started sees, before the engine has optimised the code. */
function repeated<T>(work: () => T): Runs<T> {
  let last = timed(work);
  const runs = [{ ms: last.ms, cpuMs: last.cpuMs }];
  while (runs.length < ROUNDS) {
    last = timed(work);
    runs.push({ ms: last.ms, cpuMs: last.cpuMs });
  }
  const first = runs[0]?.ms ?? 0;
  return {
    value: last.value,
    ms: { first, median: median(runs.map(({ ms }) => ms)), medianCpu: median(runs.map(({ cpuMs }) => cpuMs)) },
  };
}

/** Time on the clock, and of all threads on processors: on a busy machine they differ. */
function timed<T>(work: () => T): { value: T; ms: number; cpuMs: number } {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const value = work();
  const { user, system } = process.cpuUsage(cpu);
  return { value, ms: round(performance.now() - start), cpuMs: round((user + system) / 1000) };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1048576);
}

const [kind, ...numbers] = process.argv.slice(2);
if (kind === undefined) {
  for (const one of Object.keys(GENERATORS)) {
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), one], { stdio: "inherit" });
  }
} else {
  const [endpoints = 10000, policies = 10000, namespaces = 500] = numbers.map(Number);
  console.log(JSON.stringify(measure(kind as WorldKind, endpoints, policies, namespaces)));
}
