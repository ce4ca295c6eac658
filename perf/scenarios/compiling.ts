/** (f) What compiling a large world costs; `perf/compile.ts` measures each in a process of its own. */
import { spawnBound } from "../../controller/node/child.ts";
import { count } from "../plane/variants.ts";
import type { Aim, Cell, ScenarioResult } from "../results.ts";
import type { Ground } from "./ground.ts";

const KINDS = ["realistic", "adversarial"] as const;
const SIZE = { endpoints: 10_000, policies: 10_000, namespaces: 500 };
const AIM_MS = 2000;
const AIM_MIB = 1024;

/** What `perf/compile.ts` prints. */
interface Compiled {
  readonly rejections: number;
  readonly compileMs: Runs;
  readonly prepareMs: Runs;
  readonly encodeMs: { readonly gateway: number; readonly endpoint: number };
  readonly imageBytes: { readonly gateway: number; readonly endpointMedian: number; readonly endpointMost: number };
  readonly rssMiB: { readonly worldAlone: number; readonly most: number };
  readonly table: { readonly classes: number; readonly intervals: number; readonly rules: number };
}

interface Runs {
  /** Before the engine has optimised the code. */
  readonly first: number;
  readonly median: number;
  readonly medianCpu: number;
}

export async function compiling({ say, quick }: Ground): Promise<ScenarioResult> {
  const size = quick ? { endpoints: 2000, policies: 2000, namespaces: 100 } : SIZE;
  const found: { kind: string; compiled: Compiled }[] = [];
  for (const kind of KINDS) {
    say(`f: compiling the ${kind} world`);
    found.push({ kind, compiled: await compileApart(kind, Object.values(size)) });
  }
  const world = `${count(size.endpoints)} endpoints x ${count(size.policies)} policies x ${count(size.namespaces)} namespaces`;
  return {
    letter: "f",
    title: "Compiling",
    about: [
      `${world}, from the neutral model to the bytes of images, each world in a process of its own, five times over.`,
      "Realistic: deployments of four replicas with shared labels and everyday policies. Adversarial: every endpoint has a",
      "label of its own, and every policy names labels, addresses and ports that no other names. Compiling a world's first",
      "time, the code is not optimised yet. Memory is the most that the process had, the world itself included. CPU time",
      "counts all threads; the garbage collector has some.",
    ].join(" "),
    tables: [
      {
        title: "Time and memory",
        columns: [
          "",
          "first ms",
          "median ms",
          "median CPU ms",
          "shared sections ms",
          "world MiB",
          "most MiB",
          "left out",
        ].map((title) => ({ title })),
        rows: found.map(({ kind, compiled }) => timeRow(kind, compiled)),
      },
      {
        title: "Images",
        columns: [
          { title: "" },
          { title: "gateway KiB" },
          { title: "endpoint KiB" },
          { title: "largest KiB" },
          { title: "endpoint ms each", digits: 2 },
          { title: "classes" },
          { title: "intervals" },
        ],
        rows: found.map(({ kind, compiled }) => imageRow(kind, compiled)),
      },
    ],
    aims: quick ? [] : found.flatMap(({ kind, compiled }) => aimsOf(kind, compiled)),
  };
}

function timeRow(kind: string, { compileMs, prepareMs, rssMiB, rejections }: Compiled): Cell[] {
  const { first, median, medianCpu } = compileMs;
  return [kind, first, median, medianCpu, prepareMs.median, rssMiB.worldAlone, rssMiB.most, rejections];
}

function imageRow(kind: string, { imageBytes, encodeMs, table }: Compiled): Cell[] {
  const { gateway, endpointMedian, endpointMost } = imageBytes;
  const sizes = [gateway, endpointMedian, endpointMost].map((bytes) => bytes / 1024);
  return [kind, ...sizes, encodeMs.endpoint, table.classes, table.intervals];
}

function aimsOf(kind: string, { compileMs, rssMiB }: Compiled): Aim[] {
  const { first, median } = compileMs;
  const measured = `${count(Math.round(median))} ms (the first time ${count(Math.round(first))} ms)`;
  return [
    { aim: `compiles in under 2 s, ${kind}`, measured, met: median < AIM_MS },
    { aim: `needs under 1 GiB, ${kind}`, measured: `${count(rssMiB.most)} MiB`, met: rssMiB.most < AIM_MIB },
  ];
}

async function compileApart(kind: string, size: readonly number[]): Promise<Compiled> {
  const program = new URL("../compile.js", import.meta.url).pathname;
  const child = spawnBound([process.execPath, program, kind, ...size.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`compiling the ${kind} world ended with ${code}`);
  return JSON.parse(text) as Compiled;
}
