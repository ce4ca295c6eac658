import { describe, expect, test } from "@jest/globals";
import type { Overlay, World } from "../../controller/model/resources.ts";
import { formatRejection } from "../../controller/read/issue.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { holdImmutable } from "../../controller/standalone/immutable.ts";

const overlay = (name: string, id: number, epochSeconds: number, horizon = 6) => `---
apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: { name: ${name} }
spec: { id: ${id}, cidr: [10.90.0.0/24], path: [gate], keys: { epochSeconds: ${epochSeconds}, horizon: ${horizon} } }
`;

const worldOf = (...overlays: string[]): World => decodeWorld([{ file: "lab.yaml", text: overlays.join("") }]).world;

const IN_FORCE = worldOf(overlay("lab", 1, 3600), overlay("shop", 2, 60)).overlays;

const taken = (overlays: readonly Overlay[]) => overlays.map(({ name, id, keys }) => [name, id, keys.epochSeconds]);

describe("an edit of an overlay that runs", () => {
  test.each([
    {
      name: "none",
      edited: [overlay("lab", 1, 3600), overlay("shop", 2, 60)],
      taken: [
        ["lab", 1, 3600],
        ["shop", 2, 60],
      ],
      refused: [],
    },
    {
      name: "of epochSeconds",
      edited: [overlay("lab", 1, 5), overlay("shop", 2, 60)],
      taken: [
        ["lab", 1, 3600],
        ["shop", 2, 60],
      ],
      refused: ["lab spec.keys.epochSeconds"],
    },
    {
      name: "of the id",
      edited: [overlay("lab", 3, 3600), overlay("shop", 2, 60)],
      taken: [
        ["lab", 1, 3600],
        ["shop", 2, 60],
      ],
      refused: ["lab spec.id"],
    },
    {
      name: "of both, in two overlays that change places",
      edited: [overlay("lab", 2, 60), overlay("shop", 1, 3600)],
      taken: [
        ["lab", 1, 3600],
        ["shop", 2, 60],
      ],
      refused: ["lab spec.id", "lab spec.keys.epochSeconds", "shop spec.id", "shop spec.keys.epochSeconds"],
    },
    {
      name: "that adds one",
      edited: [overlay("lab", 1, 3600), overlay("shop", 2, 60), overlay("new", 9, 5)],
      taken: [
        ["lab", 1, 3600],
        ["shop", 2, 60],
        ["new", 9, 5],
      ],
      refused: [],
    },
    {
      name: "that puts a new one in the place of one",
      edited: [overlay("lab", 1, 3600), overlay("new", 2, 5)],
      taken: [
        ["lab", 1, 3600],
        ["new", 2, 5],
      ],
      refused: [],
    },
  ])("$name: refuses $refused", ({ edited, taken: want, refused }) => {
    const { world, rejections, conflicts } = holdImmutable(worldOf(...edited), IN_FORCE);
    expect(taken(world.overlays)).toEqual(want);
    expect(rejections.map(({ origin, field }) => `${origin.name} ${field}`)).toEqual(refused);
    expect(conflicts).toEqual([]);
  });

  test("takes what else the edit says of it", () => {
    const { world } = holdImmutable(worldOf(overlay("lab", 1, 5, 12)), IN_FORCE);
    expect(world.overlays[0]?.keys).toEqual({ epochSeconds: 3600, horizon: 12, keyGeneration: 0 });
  });

  test("says where and what to do", () => {
    const { rejections } = holdImmutable(worldOf(overlay("shop", 2, 60), overlay("lab", 1, 5)), IN_FORCE);
    expect(rejections.map(formatRejection)).toEqual([
      "lab.yaml:7: Overlay lab: spec.keys.epochSeconds: can't change from 3600 to 5 while its nodes run; 3600 stays in " +
        "force: write it back, start `sallyport up` again to take the new value, or make a new Overlay",
    ]);
  });

  test("is refused whole if another overlay takes the id that it has to keep", () => {
    const { conflicts } = holdImmutable(worldOf(overlay("lab", 3, 3600), overlay("new", 1, 60)), IN_FORCE);
    expect(conflicts.map(formatRejection)).toEqual([
      "lab.yaml:7: Overlay new: spec.id: 1 is that of Overlay lab while it runs",
    ]);
  });
});

describe("an edit of keyGeneration", () => {
  const withGeneration = (keyGeneration: number) =>
    worldOf(overlay("lab", 1, 3600).replace("horizon: 6", `horizon: 6, keyGeneration: ${keyGeneration}`));

  test.each([
    { from: 0, to: 1, want: 1 },
    { from: 3, to: 3, want: 3 },
    { from: 3, to: 2, want: 3 },
    { from: 3, to: 0, want: 3 },
    { from: 255, to: 0, want: 0 },
    { from: 0, to: 255, want: 0 },
    { from: 0, to: 127, want: 127 },
    { from: 0, to: 128, want: 0 },
  ])("from $from to $to leaves $want in force", ({ from, to, want }) => {
    const { world, rejections } = holdImmutable(withGeneration(to), withGeneration(from).overlays);
    expect(world.overlays[0]?.keys.keyGeneration).toBe(want);
    const back = /^lab.yaml:2: Overlay lab: spec.keys.keyGeneration: can't go back from /;
    expect(rejections.map(formatRejection)).toEqual(want === to ? [] : [expect.stringMatching(back)]);
  });
});
