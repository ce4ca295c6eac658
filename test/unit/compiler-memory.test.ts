import { expect, test } from "@jest/globals";
import { Compiler } from "../../controller/compile/compile.ts";
import type { VerdictTable } from "../../controller/compile/verdict-table.ts";
import { EDITS } from "../../perf/following.ts";
import { OVERLAY, realisticWorld } from "../../perf/worlds.ts";

const SIZE = { endpoints: 60, policies: 60, namespaces: 3, seed: 1 };
const ROUNDS = 400;

test("keeps tables as small after thousands of edits as after some", () => {
  const compiler = new Compiler(OVERLAY);
  const first = realisticWorld(SIZE);
  let most = 0;
  let world = first;
  for (let n = 0; n < ROUNDS; n++) {
    for (const edit of Object.values(EDITS)) world = edit(world, n);
    const size = sizeOf(compiler.update(world).policy.table);
    // Endpoints and policies grow with their edits: what is kept is what the first world had.
    world = { ...first, endpoints: world.endpoints.slice(-60), policies: world.policies.slice(-60) };
    if (n < ROUNDS / 10) most = Math.max(most, size);
    else expect(size).toBeLessThan(most + 120_000);
  }
});

function sizeOf({ classes, rows, columns, portSets, lists, intervals, rules }: VerdictTable): number {
  const exceptions = rows.reduce((sum, row) => sum + row.classes.length, 0);
  const tables = [classes, rows, columns, portSets, lists, intervals, rules].reduce(
    (sum, { length }) => sum + length,
    0,
  );
  return exceptions + tables + columns.reduce((sum, { length }) => sum + length, 0);
}
