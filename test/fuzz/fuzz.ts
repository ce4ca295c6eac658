/**
 * `npm run fuzz -- --seconds 600 --seed 1`: makes up worlds until the time is over or something doesn't hold. A flow that
 * two answer unlike is written down, shrunk, so that it can stay as a named regression test.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import fc from "fast-check";
import { Compiler } from "../../controller/compile/compile.ts";
import { breakWorld, brokenCases } from "../host/broken-worlds.ts";
import { disagreementText } from "../host/disagreements.ts";
import { histories } from "../host/edits.ts";
import { type Compared, compiledInTurn, issuedInTurn } from "../host/history-property.ts";
import { bothRuntimes, type Runtime } from "../host/portable.ts";
import { type Case, disagreementIn, wholeCases } from "../host/whole-world-property.ts";

const BATCH = 25;
const EDITS = 8;
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
  const settings = { seed: seed + batch, numRuns: BATCH };
  // Its module never gives memory back.
  const runtimes = await bothRuntimes();
  const agreement = fc.property(wholeCases, (one) => disagreementIn(one, runtimes) === undefined);
  const agreed = fc.check(agreement, settings);
  if (agreed.failed) reportDisagreement(agreed.counterexample?.[0], runtimes, settings.seed, agreed.errorInstance);
  const garbage = fc.check(
    fc.property(brokenCases, (one) => breakWorld(one).opened.length === 0),
    settings,
  );
  if (garbage.failed) {
    console.log("garbage in an object opened a flow, or broke the reader", fc.stringify(garbage.counterexample));
    console.log(garbage.errorInstance, garbage.counterexample && breakWorld(garbage.counterexample[0]));
    process.exit(1);
  }
  const kept = fc.check(
    fc.property(histories(EDITS), (history) => {
      const compared = [...compiledInTurn(history, {}, new Compiler("o")), ...issuedInTurn(history, () => {})];
      return compared.every(isSame);
    }),
    settings,
  );
  if (kept.failed) {
    console.log(
      `worlds that follow each other: what was kept is wrong; seed ${settings.seed} path ${kept.counterexamplePath}`,
    );
    console.log(fc.stringify(kept.counterexample), kept.errorInstance);
    process.exit(1);
  }
  worlds += (2 + EDITS) * BATCH;
  if (elapsed() > nextReport) {
    console.log(`${elapsed().toFixed(0)} s, ${worlds} worlds`);
    nextReport += 30;
  }
}
console.log(`${worlds} worlds in ${elapsed().toFixed(0)} s, all as they should be`);

function isSame({ got, want }: Compared): boolean {
  return isDeepStrictEqual(got, want);
}

function reportDisagreement(
  found: Case | undefined,
  runtimes: readonly Runtime[],
  batchSeed: number,
  error: unknown,
): never {
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
