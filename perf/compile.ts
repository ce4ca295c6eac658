/**
 * Compile time, image sizes and memory, for one world per process so that memory is that world's own:
 * `node build/js/perf/compile.js realistic|adversarial [endpoints policies namespaces]` prints one line of JSON;
 * without arguments both worlds run at 10,000 x 10,000 x 500, each in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type Compilation, compile } from "../controller/compile/compile.ts";
import type { CompiledGateway } from "../controller/compile/compiled.ts";
import { encodeImage, type Issue } from "../controller/image/encode.ts";
import { type PreparedImages, prepareImages } from "../controller/image/prepare.ts";
import { adversarialWorld, OVERLAY, realisticWorld } from "./worlds.ts";

const GENERATORS = { realistic: realisticWorld, adversarial: adversarialWorld };
const ROUNDS = 5;
const NO_KEYS: Issue = { term: 1, sequence: 1, notAfter: 1, keys: [] };

type WorldKind = keyof typeof GENERATORS;

function measure(kind: WorldKind, endpoints: number, policies: number, namespaces: number): object {
  const size = { endpoints, policies, namespaces, seed: 1 };
  const world = GENERATORS[kind](size);
  const worldMiB = rssMiB();
  const times = { compile: [] as number[], prepare: [] as number[] };
  let compilation: Compilation | undefined;
  let prepared: PreparedImages | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    times.compile.push(milliseconds(() => (compilation = compile(world, OVERLAY))));
    const { policy } = compilation as Compilation;
    times.prepare.push(milliseconds(() => (prepared = prepareImages(policy, sha256))));
  }
  const { policy, rejections } = compilation as Compilation;
  const images = prepared as PreparedImages;
  const sample = policy.endpoints.filter((_, i) => i % Math.ceil(policy.endpoints.length / 200) === 0);
  const sizes: number[] = [];
  const endpointMs = milliseconds(() => sample.forEach((one) => sizes.push(encodeImage(images, one, NO_KEYS).length))) / sample.length;
  let gatewayBytes = 0;
  const gatewayMs = milliseconds(() => (gatewayBytes = encodeImage(images, policy.gateways[0] as CompiledGateway, NO_KEYS).length));
  const { table } = policy;
  return {
    world: kind,
    ...size,
    rejections: rejections.length,
    compileMs: { first: times.compile[0], median: median(times.compile) },
    prepareMs: { first: times.prepare[0], median: median(times.prepare) },
    encodeMs: { gateway: round(gatewayMs), endpoint: round(endpointMs) },
    imageBytes: { gateway: gatewayBytes, endpointMedian: median(sizes), endpointMost: Math.max(...sizes) },
    rssMiB: { worldAlone: worldMiB, most: Math.round(process.resourceUsage().maxRSS / 1024) },
    table: {
      classes: table.classes.length,
      rows: table.rows.length,
      exceptions: table.rows.reduce((sum, row) => sum + row.classes.length, 0),
      columns: table.columns.length,
      columnRows: table.rows.filter((row) => row.column !== undefined).length,
      portSets: table.portSets.length,
      intervals: table.intervals.length / 4,
      rules: table.rules.length,
      ranges: policy.ranges.length,
    },
  };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function milliseconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return round(performance.now() - start);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >>> 1] as number;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function rssMiB(): number {
  return Math.round(process.memoryUsage.rss() / 1048576);
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

