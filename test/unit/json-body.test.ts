import { Readable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { jsonLines, jsonOf } from "../../controller/kube/json-body.ts";

const stream = (...chunks: (string | Buffer)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk as string)));

async function linesOf(...chunks: (string | Buffer)[]): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(stream(...chunks))) values.push(value);
  return values;
}

describe("a stream of lines", () => {
  const euro = Buffer.from('{"a":"\u20ac"}\n');
  const table: { name: string; chunks: (string | Buffer)[]; want: unknown[] }[] = [
    { name: "one per chunk", chunks: ['{"a":1}\n', '{"a":2}\n'], want: [{ a: 1 }, { a: 2 }] },
    { name: "several in a chunk", chunks: ["1\n2\n\n3\n"], want: [1, 2, 3] },
    { name: "one in several chunks", chunks: ['{"a"', ":", "[1,", "2]}", "\n3\n"], want: [{ a: [1, 2] }, 3] },
    { name: "a character cut in two", chunks: [euro.subarray(0, 7), euro.subarray(7)], want: [{ a: "\u20ac" }] },
    { name: "a last one without its end", chunks: ["1\n2"], want: [1, 2] },
    { name: "one that isn't JSON", chunks: ["<html>\n"], want: ["<html>"] },
    { name: "nothing", chunks: [], want: [] },
  ];
  test.each(table)("is read: $name", async ({ chunks, want }) => expect(await linesOf(...chunks)).toEqual(want));

  test("is given up at a line of more than 16 MiB", async () => {
    const chunk = Buffer.alloc(1 << 20, 0x20);
    expect(await linesOf(...Array(15).fill(chunk), "1\n")).toEqual([1]);
    await expect(linesOf(...Array(17).fill(chunk))).rejects.toThrow("longer than 16 MiB");
  });
});

test("an answer is its one value, whatever that is", async () => {
  expect(await jsonOf(stream('{"a":', "1}\n"))).toEqual({ a: 1 });
  expect(await jsonOf(stream("upstream connect error"))).toBe("upstream connect error");
});
