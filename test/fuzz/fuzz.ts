/**
 * `npm run fuzz -- --seconds 600 --seed 1`: makes up worlds until the time is over or two answers differ. Those are written
 * down, shrunk, so that they can stay as a named regression test.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { disagreementText } from "../host/disagreements.ts";
import { bothRuntimes, type Runtime } from "../host/portable.ts";
import { type Case, disagreementIn, wholeCases } from "../host/whole-world-property.ts";

const BATCH = 25;
const FOUND = "build/fuzz";

const { values } = parseArgs({ options: { seconds: { type: "string" }, seed: { type: "string" } } });
const seconds = Number(values.seconds ?? 60);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error("usage: npm run fuzz -- [--seconds N] [--seed N]");
  process.exit(2);
}

const started = performance.now();
const elapsed = () => (performance.now() - started) / 1000;

console.log(`seed ${seed}, ${seconds} s`);
let worlds = 0;
let nextReport = 30;
for (let batch = 0; elapsed() < seconds; batch++) {
  // Its module never gives memory back.
  const runtimes = await bothRuntimes();
  const agreement = fc.property(wholeCases, (one) => disagreementIn(one, runtimes) === undefined);
  const run = fc.check(agreement, { seed: seed + batch, numRuns: BATCH });
  worlds += run.numRuns;
  if (run.failed) fail(run.counterexample?.[0], runtimes, seed + batch, run.errorInstance);
  if (elapsed() > nextReport) {
    console.log(`${elapsed().toFixed(0)} s, ${worlds} worlds`);
    nextReport += 30;
  }
}
console.log(`${worlds} worlds in ${elapsed().toFixed(0)} s, no disagreement`);

function fail(found: Case | undefined, runtimes: readonly Runtime[], batchSeed: number, error: unknown): never {
  const disagreement = found && disagreementIn(found, runtimes);
  if (found === undefined || disagreement === undefined) {
    console.log(error);
    process.exit(1);
  }
  const { flow, where, is, shouldBe } = disagreement;
  mkdirSync(FOUND, { recursive: true });
  const file = join(FOUND, `seed-${batchSeed}.json`);
  writeFileSync(file, disagreementText(found, flow));
  console.log(`${flow.from} -> ${flow.to}, protocol ${flow.protocol}, port ${flow.port}, ${where}`);
  console.log(`  is:        ${is}\n  should be: ${shouldBe}`);
  console.log(`${file}: name it for what is wrong and move it to test/vectors/disagreements`);
  process.exit(1);
}
