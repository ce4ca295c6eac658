import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const BOOTSTRAP = JSON.stringify({ admin: { address: { pipe: { path: "admin/admin.sock" } } } });

describe("sallyport gateway ends with 2", () => {
  const before = process.env.ENVOY_BIN;
  const listeners = ["SIGINT", "SIGTERM"].map(
    (signal) => [signal, process.listeners(signal as NodeJS.Signals)] as const,
  );
  beforeEach(() => {
    delete process.env.ENVOY_BIN;
  });
  afterEach(() => {
    if (before !== undefined) process.env.ENVOY_BIN = before;
    for (const [signal, known] of listeners)
      for (const listener of process.listeners(signal as NodeJS.Signals))
        if (!known.includes(listener)) process.off(signal, listener);
  });

  const table: readonly { name: string; args?: readonly string[]; bootstrap?: string; says: RegExp }[] = [
    { name: "for a drain time without end", args: ["--drain", "-1"], says: /--drain -1 is not a number of seconds/ },
    { name: "for a drain time of days", args: ["--drain", "86401"], says: /--drain 86401 is not a number of seconds/ },
    { name: "without a thread", args: ["--concurrency", "0"], says: /--concurrency 0 is not a number from 1 to 128/ },
    { name: "for a health port that is none", args: ["--health", "here"], says: /--health here is not a port/ },
    { name: "without a bootstrap", says: /bootstrap\.json can't be read \(ENOENT\): the controller writes it/ },
    { name: "with half a bootstrap", bootstrap: BOOTSTRAP.slice(0, -1), says: /bootstrap\.json has no admin socket/ },
    { name: "with another program's bootstrap", bootstrap: "{}", says: /bootstrap\.json has no admin socket/ },
  ];
  test.each(table)("$name", ({ args = [], bootstrap, says }) =>
    withFolder(async (folder) => {
      await mkdir(join(folder, "bin"));
      const envoy = join(folder, "bin", "envoy");
      await writeFile(envoy, '#!/bin/sh\necho "envoy  version: abc/1.40.0/Clean/RELEASE/BoringSSL"\n');
      await chmod(envoy, 0o755);
      process.env.ENVOY_BIN = envoy;
      const file = join(folder, "bootstrap.json");
      if (bootstrap !== undefined) await writeFile(file, bootstrap);
      const { code, out, error } = await sallyport("gateway", "--bootstrap", file, "--health", "127.0.0.1:0", ...args);
      expect({ code, out, error }).toEqual({ code: 2, out: "", error: expect.stringMatching(says) });
    }),
  );
});
