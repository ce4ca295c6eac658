import fc from "fast-check";
import type { World } from "../../controller/model/resources.ts";
import { worlds } from "./arbitrary-worlds.ts";

/** The lists of a world that edits change. */
const LISTS = ["endpoints", "policies", "clusterPolicies", "flowPolicies", "namespaces", "nodes"] as const;

interface Edit {
  readonly list: (typeof LISTS)[number];
  /** Objects of the pool that come in if they are out, and go if they are in. */
  readonly turned: readonly number[];
  /** Instead: what the edit before the last one turned, turned back. */
  readonly isReturn: boolean;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  list: fc.constantFrom<Edit["list"]>("endpoints", "endpoints", "policies", ...LISTS),
  turned: fc.array(fc.nat(), { minLength: 1, maxLength: 2 }),
  isReturn: fc.boolean(),
});

/**
 * Worlds that follow each other: objects come, go and come back, share names and addresses with others, and are else
 * the same objects. Sometimes the overlay's isolation or what is closed changes.
 */
export const histories = (edits: number): fc.Arbitrary<World[]> =>
  fc
    .record({
      drawn: fc.tuple(worlds, worlds),
      edits: fc.array(edit, { minLength: edits, maxLength: edits }),
      odd: fc.array(fc.integer({ min: 0, max: 31 }), { minLength: edits, maxLength: edits }),
    })
    .map(({ drawn: [first, second], edits, odd }) => {
      const pool = Object.fromEntries(LISTS.map((list) => [list, [...first[list], ...second[list]]]));
      const history = [first];
      for (const [i, edit] of edits.entries()) {
        const { list, turned } = edit.isReturn && i >= 2 ? (edits[i - 2] as Edit) : edit;
        const before = history.at(-1) as World;
        history.push({
          ...before,
          [list]: turn(before[list], pool[list] as object[], turned),
          ...(odd[i] === 0 && { overlays: second.overlays }),
          ...(odd[i] === 1 && { closed: second.closed }),
          ...(odd[i] === 2 && { closed: [] }),
        });
      }
      return history;
    });

function turn(list: readonly object[], pool: readonly object[], turned: readonly number[]): object[] {
  const chosen = pool.length === 0 ? [] : turned.map((number) => pool[number % pool.length] as object);
  const left = list.filter((object) => !chosen.includes(object));
  return [...left, ...chosen.filter((object) => !list.includes(object))];
}
