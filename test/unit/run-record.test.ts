import { readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { claimStateFolder, releaseStateFolder, runningIn } from "../../controller/node/run-record.ts";
import { withFolder } from "../folder.ts";

describe("state folder", () => {
  test("is claimed, found by others, and released", () =>
    withFolder(async (folder) => {
      expect(await runningIn(folder)).toBeUndefined();
      expect(await claimStateFolder(folder, "userns")).toEqual({ claimed: true });
      expect(await runningIn(folder)).toMatchObject({ pid: process.pid, kind: "userns" });
      expect((await stat(`${folder}/running.json`)).mode & 0o777).toBe(0o600);
      await releaseStateFolder(folder);
      expect(await runningIn(folder)).toBeUndefined();
    }));

  test("is refused while another process runs it", () =>
    withFolder(async (folder) => {
      const holder = await recordOf(folder, process.ppid);
      expect(await claimStateFolder(folder, "root")).toEqual({ claimed: false, holder });
      await releaseStateFolder(folder);
      expect(await runningIn(folder)).toEqual(holder);
    }));

  test("is free when its process ended and another has its number", () =>
    withFolder(async (folder) => {
      const holder = await recordOf(folder, process.ppid);
      await writeFile(`${folder}/running.json`, JSON.stringify({ ...holder, started: "1" }));
      expect(await claimStateFolder(folder, "root")).toEqual({ claimed: true });
    }));

  test.each(["", "{", "null", "7", "{}", '{"pid":-1}', '{"pid":"1"}', '{"pid":4194305,"started":"1","kind":"root"}'])(
    "is free when its record says %j",
    (content) =>
      withFolder(async (folder) => {
        await writeFile(`${folder}/running.json`, content);
        expect(await claimStateFolder(folder, "root")).toEqual({ claimed: true });
      }),
  );
});

/** Writes the record that process `pid` would have written. */
async function recordOf(folder: string, pid: number) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] as string;
  const record = { pid, started, kind: "root" as const };
  await writeFile(`${folder}/running.json`, JSON.stringify(record));
  return record;
}
