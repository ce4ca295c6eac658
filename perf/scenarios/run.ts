/** Runs the scenarios that were asked for, one after the other. */
import { join } from "node:path";
import { DataPlane } from "../plane/data-plane.ts";
import { VARIANTS } from "../plane/variants.ts";
import type { ScenarioResult } from "../results.ts";
import { compiling } from "./compiling.ts";
import { decision } from "./decision.ts";
import { editToEnforced } from "./edit.ts";
import { ESTABLISHED_VARIANTS, established } from "./established.ts";
import type { Ground } from "./ground.ts";
import { meshed } from "./mesh.ts";
import { newFlows } from "./new-flows.ts";

/** Scenarios that share what they measure. */
interface Group {
  readonly letters: readonly string[];
  readonly run: (ground: Ground, only: ReadonlySet<string>) => Promise<ScenarioResult[]>;
  /** Sends flows through Envoys. */
  readonly needsPlane?: boolean;
}

const GROUPS: readonly Group[] = [
  // It takes its lab away when it ends, which the others leave to the end of the process.
  { letters: ["g"], run: onMesh, needsPlane: true },
  { letters: ["a", "b", "c"], run: onDataPlane, needsPlane: true },
  { letters: ["d"], run: async (ground) => [await decision(ground)] },
  { letters: ["e"], run: async (ground) => [await editToEnforced(ground)] },
  { letters: ["f"], run: async (ground) => [await compiling(ground)] },
];
const DESTINATIONS = 1000;

/** `noPlane`: why no flow can be measured. A scenario that fails doesn't keep the others from running. */
export async function runScenarios(
  ground: Ground,
  only: ReadonlySet<string>,
  noPlane: string | undefined,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const group of GROUPS) {
    const letters = group.letters.filter((letter) => only.has(letter));
    if (letters.length === 0) continue;
    const found =
      group.needsPlane && noPlane !== undefined ? notRun(letters, noPlane) : await attempt(group, ground, only);
    results.push(...found.filter(({ letter }) => only.has(letter)));
  }
  return results.sort((a, b) => (a.letter < b.letter ? -1 : 1));
}

async function attempt(group: Group, ground: Ground, only: ReadonlySet<string>): Promise<ScenarioResult[]> {
  try {
    return await group.run(ground, only);
  } catch (error) {
    ground.say(`${group.letters.join(", ")}: failed: ${error instanceof Error ? error.stack : String(error)}`);
    return notRun(group.letters, `it failed: ${String(error)}`);
  }
}

async function onDataPlane(ground: Ground, only: ReadonlySet<string>): Promise<ScenarioResult[]> {
  const manyFlows = only.has("b") || only.has("c");
  const variants = manyFlows ? VARIANTS : VARIANTS.filter(({ name }) => ESTABLISHED_VARIANTS.includes(name));
  const codeFolder = join(ground.projectFolder, "build", "wasm");
  const destinations = ground.quick ? DESTINATIONS / 5 : DESTINATIONS;
  const plane = await DataPlane.open({ ...ground, codeFolder, destinations }, variants);
  try {
    const results: ScenarioResult[] = [];
    if (only.has("a")) results.push(await established(plane, ground));
    if (manyFlows) results.push(...(await newFlows(plane, ground, destinations)));
    return results;
  } finally {
    await plane.close();
  }
}

async function onMesh(ground: Ground): Promise<ScenarioResult[]> {
  const { mesh } = ground;
  return "reason" in mesh ? notRun(["g"], mesh.reason) : [await meshed({ ...ground, mesh })];
}

function notRun(letters: readonly string[], reason: string): ScenarioResult[] {
  return letters.map((letter) => ({ letter, title: "Not run", about: "", tables: [], aims: [], skipped: reason }));
}
