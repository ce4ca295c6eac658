import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { watchFolder } from "../../controller/node/watch.ts";
import { withFolder } from "../folder.ts";
import { until } from "../until.ts";

interface Fixture {
  readonly folder: string;
  /** Calls that began and that ended, and errors. */
  readonly seen: { began: number; ended: number; errors: string[] };
  /** Calls wait for this. */
  hold: Promise<void>;
  fail: boolean;
  close(): Promise<void>;
}

async function withWatch(use: (fixture: Fixture) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await writeFile(`${folder}/old.yaml`, "a: 1");
    const seen = { began: 0, ended: 0, errors: [] as string[] };
    const changed = async () => {
      seen.began++;
      await fixture.hold;
      seen.ended++;
      if (fixture.fail) throw new Error("unreadable");
    };
    const failed = (error: unknown) => void seen.errors.push((error as Error).message);
    const watch = await watchFolder(folder, changed, { failed, debounceMs: 50 });
    const fixture: Fixture = { folder, seen, hold: Promise.resolve(), fail: false, close: () => watch.close() };
    try {
      await use(fixture);
    } finally {
      await watch.close();
    }
  });
}

/** Writes a file that counts and waits for the call: proves that what went before led to none. */
async function fence({ folder, seen }: Fixture): Promise<number> {
  const before = seen.ended;
  await writeFile(`${folder}/fence.yaml`, String(before));
  await until(() => seen.ended > before, "a change to be reported");
  return seen.ended;
}

describe("watch", () => {
  const changes = [
    { name: "a new file", change: (folder: string) => writeFile(`${folder}/new.yaml`, "") },
    { name: "an edited file", change: (folder: string) => writeFile(`${folder}/old.yaml`, "a: 2") },
    { name: "a removed file", change: (folder: string) => rm(`${folder}/old.yaml`) },
    {
      name: "a file replaced by rename, as editors save",
      change: async (folder: string) => {
        await writeFile(`${folder}/old.yaml~`, "a: 3");
        await rename(`${folder}/old.yaml~`, `${folder}/old.yaml`);
      },
    },
    {
      name: "a file in a new folder",
      change: async (folder: string) => {
        await mkdir(`${folder}/sub`);
        await writeFile(`${folder}/sub/new.json`, "{}");
      },
    },
  ];
  test.each(changes)("reports $name", ({ change }) =>
    withWatch(async ({ folder, seen }) => {
      await change(folder);
      await until(() => seen.ended > 0, "the change to be reported");
    }),
  );

  test("reports nothing about what was there, dot folders and other files", () =>
    withWatch(async (fixture) => {
      await writeFile(`${fixture.folder}/notes.txt`, "");
      await mkdir(`${fixture.folder}/.git`);
      await writeFile(`${fixture.folder}/.git/x.yaml`, "");
      expect(await fence(fixture)).toBe(1);
    }));

  test("reports a burst of changes as few", () =>
    withWatch(async (fixture) => {
      const names = Array.from({ length: 50 }, (_, i) => `${fixture.folder}/${i}.yaml`);
      await Promise.all(names.map((name) => writeFile(name, "")));
      await until(() => fixture.seen.ended > 0, "the changes to be reported");
      await fence(fixture);
      expect(fixture.seen.began).toBeLessThan(6);
    }));

  test("reports changes that never pause", () =>
    withWatch(async (fixture) => {
      const writing = setInterval(() => void writeFile(`${fixture.folder}/a.yaml`, `${performance.now()}`), 10);
      await until(() => fixture.seen.ended > 1, "changes to be reported").finally(() => clearInterval(writing));
    }));

  test("waits for a call to end and then calls once more for what changed meanwhile", () =>
    withWatch(async (fixture) => {
      let release = () => {};
      fixture.hold = new Promise((resolve) => {
        release = resolve;
      });
      await writeFile(`${fixture.folder}/a.yaml`, "1");
      await until(() => fixture.seen.began === 1, "the first call");
      await writeFile(`${fixture.folder}/a.yaml`, "2");
      await new Promise((resolve) => setTimeout(resolve, 150)); // nothing to wait for: no call may begin
      expect(fixture.seen).toMatchObject({ began: 1, ended: 0 });
      release();
      await until(() => fixture.seen.ended === 2, "the second call");
    }));

  test("goes on after a call that failed", () =>
    withWatch(async (fixture) => {
      fixture.fail = true;
      await writeFile(`${fixture.folder}/a.yaml`, "1");
      await until(() => fixture.seen.errors.length === 1, "the failure to be reported");
      fixture.fail = false;
      await fence(fixture);
      expect(fixture.seen.errors).toEqual(["unreadable"]);
    }));

  test("is silent after it was closed", () =>
    withWatch(async (fixture) => {
      await writeFile(`${fixture.folder}/a.yaml`, "1");
      await fixture.close();
      const { began } = fixture.seen;
      await writeFile(`${fixture.folder}/a.yaml`, "2");
      await new Promise((resolve) => setTimeout(resolve, 150)); // nothing to wait for: no call may begin
      expect(fixture.seen.began).toBe(began);
    }));

  test("reports every edit, however soon it follows the call for the one before", () =>
    withWatch(async ({ folder, seen }) => {
      for (let edit = 0; edit < 40; edit++) {
        const before = seen.ended;
        await writeFile(`${folder}/old.yaml`, `a: ${"x".repeat(edit)}`);
        await until(() => seen.ended > before, `edit ${edit} to be reported`);
      }
    }));
});
