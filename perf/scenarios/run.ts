/** Runs the scenarios that were asked for, one after the other. */
import { join } from "node:path";
import { DataPlane } from "../plane/data-plane.ts";
import { VARIANTS } from "../plane/variants.ts";
import type { ScenarioResult } from "../results.ts";
import { decision } from "./decision.ts";
import { editToEnforced } from "./edit.ts";
import { ESTABLISHED_VARIANTS, established } from "./established.ts";
import type { Ground } from "./ground.ts";
import { newFlows } from "./new-flows.ts";

const DESTINATIONS = 1000;
const TITLES: Readonly<Record<string, string>> = { a: "Established flow", b: "New flows", c: "CPU time of a new flow" };

/** `noPlane`: why no flow can be measured. */
export async function runScenarios(
  ground: Ground,
  only: ReadonlySet<string>,
  noPlane: string | undefined,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const flows = ["a", "b", "c"].filter((letter) => only.has(letter));
  if (flows.length > 0) {
    const found =
      noPlane === undefined ? await onDataPlane(ground, only) : flows.map((letter) => skipped(letter, noPlane));
    results.push(...found.filter(({ letter }) => only.has(letter)));
  }
  if (only.has("d")) results.push(await decision(ground));
  if (only.has("e")) results.push(await editToEnforced(ground));
  return results;
}

async function onDataPlane(ground: Ground, only: ReadonlySet<string>): Promise<ScenarioResult[]> {
  const manyFlows = only.has("b") || only.has("c");
  const variants = manyFlows ? VARIANTS : VARIANTS.filter(({ name }) => ESTABLISHED_VARIANTS.includes(name));
  const codeFolder = join(ground.projectFolder, "build", "wasm");
  const plane = await DataPlane.open({ ...ground, codeFolder, destinations: DESTINATIONS }, variants);
  const results: ScenarioResult[] = [];
  if (only.has("a")) results.push(await established(plane, ground));
  if (manyFlows) results.push(...(await newFlows(plane, ground, DESTINATIONS)));
  await plane.close();
  return results;
}

function skipped(letter: string, reason: string): ScenarioResult {
  return { letter, title: TITLES[letter] ?? letter, about: "", tables: [], aims: [], skipped: reason };
}
