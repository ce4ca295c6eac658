import { describe, expect, test } from "@jest/globals";
import { lowerBound } from "../../controller/compile/lower-bound.ts";

describe("the place of a number in an ascending list", () => {
  test.each([
    { list: [], value: 5, want: 0 },
    { list: [5], value: 4, want: 0 },
    { list: [5], value: 5, want: 0 },
    { list: [5], value: 6, want: 1 },
    { list: [1, 3, 3, 3, 7], value: 3, want: 1 },
    { list: [1, 3, 3, 3, 7], value: 4, want: 4 },
    { list: [1, 3, 3, 3, 7], value: 8, want: 5 },
  ])("of $value in $list is $want", ({ list, value, want }) => expect(lowerBound(list, value)).toBe(want));

  test("is the first that isn't below, in lists of every length up to 100", () => {
    for (let length = 0; length <= 100; length++) {
      const list = Uint32Array.from({ length }, (_, i) => i * 2);
      for (let value = 0; value <= length * 2; value++) expect(lowerBound(list, value)).toBe(Math.ceil(value / 2));
    }
  });
});
