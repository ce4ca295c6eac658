import { closeSync, openSync, writeSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { cutLog, lastLines, withLog } from "../../controller/node/log-file.ts";
import { withFolder } from "../folder.ts";

describe("log file", () => {
  test("is cut when it is too large, while it is written", () =>
    withFolder(async (folder) => {
      const log = `${folder}/envoy.log`;
      const writer = openSync(log, "a", 0o600);
      writeSync(writer, "0123456789");
      expect(await cutLog(log, 10)).toBe(false);
      writeSync(writer, "x");
      expect(await cutLog(log, 10)).toBe(true);
      writeSync(writer, "new");
      closeSync(writer);
      expect([await readFile(log, "utf8"), await readFile(`${log}.1`, "utf8")]).toEqual(["new", "0123456789x"]);
    }));

  test("is opened for a child, private, after what is there", () =>
    withFolder(async (folder) => {
      const log = `${folder}/envoy.log`;
      for (const text of ["a", "b"]) withLog(log, (descriptor) => writeSync(descriptor, text));
      expect(await readFile(log, "utf8")).toBe("ab");
      expect((await stat(log)).mode & 0o777).toBe(0o600);
    }));

  test.each([
    { name: "all lines of a short log", content: "a\nb\n", want: ["a", "b"] },
    { name: "the last lines of a longer one", content: "a\nb\n\nc\nd", want: ["b", "c", "d"] },
    { name: "the end of a very long one", content: `${"x".repeat(20_000)}\na\nb\nc\n`, want: ["a", "b", "c"] },
    { name: "nothing of an empty one", content: "", want: [] },
  ])("shows $name", ({ content, want }) =>
    withFolder(async (folder) => {
      await writeFile(`${folder}/log`, content);
      expect(await lastLines(`${folder}/log`, 3)).toEqual(want);
    }),
  );

  test("shows nothing where there is no log", async () => {
    expect(await lastLines("/nowhere/log", 3)).toEqual([]);
  });
});
