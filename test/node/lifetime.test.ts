import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, readdir } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { runToEnd } from "../../controller/node/child.ts";
import { enterCommand, execInNode } from "../../controller/node/exec.ts";
import { runningIn } from "../../controller/node/run-record.ts";
import { isAlive } from "../alive.ts";
import { withFolder } from "../folder.ts";
import { until } from "../until.ts";
import { describeLab, labSupport, lastJson, runProgram, startProgram } from "./lab-program.ts";

const NOBODY = 65534;
const kind = labSupport.kind;

interface Idle {
  readonly outer: ChildProcess;
  readonly supervisor: number;
  readonly child: number;
}

async function withIdle(folder: string, prefix: readonly string[], use: (idle: Idle) => Promise<void>): Promise<void> {
  const outer = startProgram("idle-program.ts", [prefix.length > 0 ? "userns" : kind, folder], prefix);
  let errors = "";
  outer.stderr?.on("data", (chunk) => (errors += chunk));
  try {
    const first = await Promise.race([once(outer.stdout as NodeJS.EventEmitter, "data"), once(outer, "exit")]);
    if (!Buffer.isBuffer(first[0])) throw new Error(`the program ended: ${errors}`);
    await use({ outer, ...JSON.parse(first[0].toString()) });
  } finally {
    outer.kill("SIGKILL");
  }
}

async function gone(...pids: number[]): Promise<void> {
  await until(() => pids.every((pid) => !isAlive(pid)), `processes ${pids} to end`);
}

describeLab(labSupport, "lifetime of a lab", () => {
  test("ends with the program that entered it, even when that is killed", () =>
    withFolder((folder) =>
      withIdle(folder, [], async ({ outer, supervisor, child }) => {
        outer.kill("SIGKILL");
        await gone(supervisor, child);
        expect(await readdir(`${folder}/netns`)).toEqual([]);
        expect(await runningIn(folder)).toBeUndefined();
      }),
    ));

  test("takes its children along when the supervisor is killed", () =>
    withFolder((folder) =>
      withIdle(folder, [], async ({ outer, supervisor, child }) => {
        process.kill(supervisor, "SIGKILL");
        const [code] = await once(outer, "exit");
        await gone(supervisor, child);
        expect(code).toBe(128 + 9);
      }),
    ));

  test("passes signals in and the exit code out", () =>
    withFolder((folder) =>
      withIdle(folder, [], async ({ outer, supervisor, child }) => {
        outer.kill("SIGTERM");
        const [code] = await once(outer, "exit");
        await gone(supervisor, child);
        expect(code).toBe(7);
      }),
    ));

  test("refuses a second run on the same state folder", () =>
    withFolder((folder) =>
      withIdle(folder, [], async ({ supervisor }) => {
        const second = await runProgram("idle-program.ts", [kind, folder]);
        expect(lastJson(second)).toEqual({ refused: supervisor });
      }),
    ));

  test("lets commands from outside run in a node", () =>
    withFolder((folder) =>
      withIdle(folder, [], async () => {
        const record = await runningIn(folder);
        if (record === undefined) throw new Error("no record");
        const addresses = await runToEnd(enterCommand(record, folder, "a", ["ip", "-o", "addr", "show", "eth0"]));
        expect(addresses.stdout).toContain("10.40.0.1/32");
        const here = await runToEnd(enterCommand(record, folder, "a", ["pwd"]));
        expect(here.stdout.trim()).toBe(process.cwd());
        expect(await execInNode(folder, "a", ["sh", "-c", "exit 5"])).toEqual({ kind: "ended", code: 5 });
        expect(await execInNode(folder, "b", ["true"])).toEqual({
          kind: "refused",
          reason: `no node b runs in ${folder}`,
        });
        expect(await execInNode(folder, "../a", ["true"])).toMatchObject({ kind: "refused" });
      }),
    ));

  test("ends commands from outside when it is killed", () =>
    withFolder((folder) =>
      withIdle(folder, [], async ({ supervisor }) => {
        const command = execInNode(folder, "a", ["sh", "-c", `echo > ${folder}/runs; exec sleep 1000`]);
        await until(() => existsSync(`${folder}/runs`), "the command to run");
        process.kill(supervisor, "SIGKILL");
        expect(await command).toEqual({ kind: "ended", code: 128 + 15 });
      }),
    ));

  test("says that nothing runs", () =>
    withFolder(async (folder) => {
      expect(await execInNode(folder, "a", ["true"])).toMatchObject({ kind: "refused" });
    }));

  const ordinary = process.getuid?.() === 0 ? test : test.skip;
  ordinary("works for an ordinary user", () =>
    withFolder(async (folder) => {
      await chown(folder, NOBODY, NOBODY);
      const nobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
      await withIdle(folder, nobody, async ({ outer, supervisor, child }) => {
        const record = await runningIn(folder);
        if (record === undefined) throw new Error("no record");
        const command = enterCommand(record, folder, "a", ["ip", "-o", "addr", "show", "eth0"]);
        expect((await runToEnd([...nobody, ...command])).stdout).toContain("10.40.0.1/32");
        outer.kill("SIGKILL");
        await gone(supervisor, child);
      });
    }),
  );
});
