import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { verdictName } from "../../assembly/decide/verdict-name.ts";
import { compile } from "../../controller/compile/compile.ts";
import { decodeWorld } from "../../controller/read/world.ts";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const refusals = Object.values(Verdict).filter((verdict) => typeof verdict === "number" && verdict !== Verdict.Allow);
const tableRows = read("docs/refusals.md")
  .split("\n")
  .filter((line) => line.startsWith("| `"));

describe("docs/refusals.md", () => {
  test.each(refusals.map((verdict) => verdictName(verdict as Verdict)))("says what to do about %s", (name) => {
    expect(tableRows.filter((row) => row.split("|")[1]?.includes(`\`${name}\``))).toHaveLength(1);
  });
});

describe("README", () => {
  test("has an example of which nothing is rejected", () => {
    const texts = [...read("README.md").matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] as string);
    const { world, rejections, unreadable } = decodeWorld(texts.map((text, i) => ({ file: `${i}.yaml`, text })));
    expect(texts).toHaveLength(3);
    expect([...rejections, ...unreadable, ...compile(world, "lab").rejections]).toEqual([]);
  });
});
