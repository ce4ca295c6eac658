import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { FILE_MAX_BYTES, readWorld } from "../../controller/read/files.ts";
import { withFolder } from "../folder.ts";

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;
const names = ({ world }: Awaited<ReturnType<typeof readWorld>>) => world.namespaces.map(({ name }) => name);

describe("reading a path", () => {
  test("takes the YAML and JSON of a directory in order, without dot folders and other files", () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, "b"));
      await mkdir(join(folder, ".hidden"));
      await writeFile(join(folder, "c.yaml"), namespace("c"));
      await writeFile(join(folder, "a.yml"), `\ufeff${namespace("a")}`);
      await writeFile(join(folder, "b", "b.json"), '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"b"}}');
      await writeFile(join(folder, ".hidden", "d.yaml"), namespace("d"));
      await writeFile(join(folder, ".e.yaml"), namespace("e"));
      await writeFile(join(folder, "README.md"), "hello");
      await symlink(join(folder, ".hidden", "d.yaml"), join(folder, "z.yaml"));
      const reading = await readWorld(folder);
      expect([names(reading), reading.rejections, reading.unreadable]).toEqual([["a", "b", "c", "d"], [], []]);
    }));

  test("takes a file of any name", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "policy"), namespace("a"));
      expect(names(await readWorld(join(folder, "policy")))).toEqual(["a"]);
    }));

  const faults: { name: string; prepare: (path: string) => Promise<unknown>; message: RegExp }[] = [
    { name: "nothing", prepare: async () => {}, message: /does not exist: check the path/ },
    { name: "an empty directory", prepare: (path) => mkdir(path), message: /holds no \*\.yaml/ },
    {
      name: "text that isn't UTF-8",
      prepare: (path) => writeFile(path, Buffer.from([0xff, 0xfe])),
      message: /is not UTF-8 text/,
    },
    {
      name: "a file that is too large",
      prepare: (path) => writeFile(path, Buffer.alloc(FILE_MAX_BYTES + 1, " ")),
      message: /is larger than 64 MiB: split it/,
    },
  ];
  test.each(faults)("reports $name", ({ prepare, message }) =>
    withFolder(async (folder) => {
      const path = join(folder, "x");
      await prepare(path);
      const { unreadable, world } = await readWorld(path);
      expect(unreadable).toEqual([
        { origin: { file: path, line: 0, kind: "", name: "" }, field: "", message: expect.stringMatching(message) },
      ]);
      expect(world.namespaces).toEqual([]);
    }),
  );
});
