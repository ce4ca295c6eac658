/** (f) What compiling a large world costs; `perf/compile.ts` measures each in a process of its own. */
import { spawnBound } from "../../controller/node/child.ts";
import { count } from "../plane/variants.ts";
import type { Aim, Cell, ScenarioResult } from "../results.ts";
import type { Ground } from "./ground.ts";

const KINDS = ["realistic", "adversarial"] as const;
const SIZE = { endpoints: 10_000, policies: 10_000, namespaces: 500 };
const AIM_MS = 2000;
const AIM_MIB = 1024;
const EDIT_AIM_MS = 50;

/** What `perf/compile.ts` prints. */
interface Compiled {
  readonly rejections: number;
  readonly compileMs: Runs;
  readonly prepareMs: Runs;
  readonly encodeMs: { readonly gateway: number; readonly endpoint: number };
  readonly imageBytes: { readonly gateway: number; readonly endpointMedian: number; readonly endpointMost: number };
  readonly edits: readonly EditCosts[];
  readonly rssMiB: { readonly worldAlone: number; readonly most: number };
  readonly table: { readonly classes: number; readonly intervals: number; readonly rules: number };
}

interface EditCosts {
  readonly edit: string;
  /** Milliseconds, the last of all threads' CPU time. */
  readonly median: number;
  readonly p99: number;
  readonly medianCpu: number;
  /** Edits after which everything was compiled anew. */
  readonly restarts: number;
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
      "counts all threads; the garbage collector has some. Edits follow each other, 120 of each kind, each of one object",
      "somewhere else; the first that names a label which all pods carry, for one, is compiled from the beginning.",
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
      {
        title: "After an edit",
        columns: [
          { title: "" },
          { title: "median ms", digits: 1 },
          { title: "p99 ms", digits: 1 },
          { title: "median CPU ms", digits: 1 },
          { title: "from the beginning" },
        ],
        rows: found.flatMap(({ kind, compiled }) => compiled.edits.map((costs) => editRow(kind, costs))),
      },
    ],
    aims: quick ? [] : found.flatMap(({ kind, compiled }) => aimsOf(kind, compiled)),
  };
}

function timeRow(kind: string, { compileMs, prepareMs, rssMiB, rejections }: Compiled): Cell[] {
  const { first, median, medianCpu } = compileMs;
  return [kind, first, median, medianCpu, prepareMs.median, rssMiB.worldAlone, rssMiB.most, rejections];
}

function editRow(kind: string, { edit, median, p99, medianCpu, restarts }: EditCosts): Cell[] {
  return [`${kind}, ${edit}`, median, p99, medianCpu, restarts];
}

function imageRow(kind: string, { imageBytes, encodeMs, table }: Compiled): Cell[] {
  const { gateway, endpointMedian, endpointMost } = imageBytes;
  const sizes = [gateway, endpointMedian, endpointMost].map((bytes) => bytes / 1024);
  return [kind, ...sizes, encodeMs.endpoint, table.classes, table.intervals];
}

function aimsOf(kind: string, { compileMs, rssMiB, edits }: Compiled): Aim[] {
  const { first, median } = compileMs;
  const measured = `${count(Math.round(median))} ms (the first time ${count(Math.round(first))} ms)`;
  return [
    { aim: `compiles in under 2 s, ${kind}`, measured, met: median < AIM_MS },
    { aim: `needs under 1 GiB, ${kind}`, measured: `${count(rssMiB.most)} MiB`, met: rssMiB.most < AIM_MIB },
    ...(kind === "realistic" ? edits.map(editAim) : []),
  ];
}

function editAim({ edit, median, p99 }: EditCosts): Aim {
  const measured = `${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  return { aim: `compiles ${edit} in under 50 ms`, measured, met: median < EDIT_AIM_MS };
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
