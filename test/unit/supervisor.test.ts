import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { adminGet, envoyStats } from "../../controller/node/admin.ts";
import { adminSocketPath } from "../../controller/node/admin-socket.ts";
import { BackOff } from "../../controller/node/back-off.ts";
import { OpenPlace } from "../../controller/node/namespace.ts";
import { type Exit, Supervisor } from "../../controller/node/supervisor.ts";
import { withFolder } from "../folder.ts";
import { until } from "../until.ts";

interface Fixture {
  readonly supervisor: Supervisor;
  readonly socket: string;
  readonly log: string;
  readonly pids: number[];
  readonly exits: Exit[];
  /** What the program does at its next start. */
  act(what: "serve" | "crash" | "deaf" | "unready"): void;
}

async function withSupervisor(use: (fixture: Fixture) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const socket = adminSocketPath(folder, "web");
    const config = `${folder}/envoy.json`;
    const log = `${folder}/envoy.log`;
    const program = new URL("./fake-envoy.mjs", import.meta.url).pathname;
    const pids: number[] = [];
    const exits: Exit[] = [];
    const events = {
      started: (_: string, pid: number) => void pids.push(pid),
      exited: (_: string, exit: Exit) => void exits.push(exit),
    };
    const run = { node: "web", program, config, concurrency: 2, adminSocket: socket, log };
    const supervisor = new Supervisor(run, new OpenPlace(), { events, backOff: new BackOff(() => 0.999) });
    const act = (what: string) => writeFileSync(config, JSON.stringify({ socket, act: what }));
    try {
      await use({ supervisor, socket, log, pids, exits, act });
    } finally {
      await supervisor.stop(100);
    }
  });
}

const isAlive = (pid: number | undefined) => existsSync(`/proc/${pid}`);

describe("supervisor", () => {
  test("starts Envoy with its arguments and says when it is ready", () =>
    withSupervisor(async ({ supervisor, act, log, pids, socket }) => {
      act("serve");
      await supervisor.start();
      await supervisor.ready(5000);
      expect(pids).toEqual([supervisor.pid]);
      expect(readFileSync(log, "utf8")).toBe(
        "serve --disable-hot-restart --concurrency 2 --log-level warning --component-log-level wasm:info\n",
      );
      expect(await adminGet(socket, "/ready")).toEqual({ status: 200, body: "LIVE\n" });
      expect(await envoyStats(socket, "tcp")).toEqual(
        new Map([
          ["tcp.a", 12],
          ["b.c", 0],
        ]),
      );
    }));

  test("starts a killed Envoy again", () =>
    withSupervisor(async ({ supervisor, act, pids, exits }) => {
      act("serve");
      await supervisor.start();
      await supervisor.ready(5000);
      process.kill(pids[0] as number, "SIGKILL");
      await until(() => pids.length === 2, "a second start");
      await supervisor.ready(5000);
      expect(exits).toMatchObject([{ code: null, signal: "SIGKILL", restartInMs: 100 }]);
      expect(isAlive(pids[1])).toBe(true);
    }));

  test("backs off while Envoy crashes, and recovers", () =>
    withSupervisor(async ({ supervisor, act, exits }) => {
      act("crash");
      await supervisor.start();
      await until(() => exits.length === 3, "three crashes");
      act("serve");
      await supervisor.ready(5000);
      expect(exits.map(({ code, restartInMs }) => [code, restartInMs])).toEqual([
        [3, 100],
        [3, 200],
        [3, 400],
      ]);
      expect(exits[0]?.lastLines).toEqual([expect.stringContaining("crash --disable-hot-restart")]);
    }));

  test("says how the log ends when Envoy is not ready in time", () =>
    withSupervisor(async ({ supervisor, act }) => {
      act("unready");
      await supervisor.start();
      await expect(supervisor.ready(700)).rejects.toThrow(/web is not ready after 700 ms.*\nunready --disable/);
    }));

  test("ends Envoy when asked to, and does not start it again", () =>
    withSupervisor(async ({ supervisor, act, pids, exits }) => {
      act("serve");
      await supervisor.start();
      await supervisor.ready(5000);
      await supervisor.stop();
      await until(() => exits.length === 1, "the exit to be reported");
      expect(exits).toMatchObject([{ signal: "SIGTERM", restartInMs: undefined }]);
      expect([isAlive(pids[0]), supervisor.pid, supervisor.isReady]).toEqual([false, undefined, false]);
    }));

  test("kills an Envoy that doesn't end", () =>
    withSupervisor(async ({ supervisor, act, pids, exits }) => {
      act("deaf");
      await supervisor.start();
      await supervisor.ready(5000);
      await supervisor.stop(50);
      await until(() => exits.length === 1, "the exit to be reported");
      expect([exits[0]?.signal, isAlive(pids[0])]).toEqual(["SIGKILL", false]);
    }));

  test("ends while it waits to start again", () =>
    withSupervisor(async ({ supervisor, act, pids, exits }) => {
      act("crash");
      await supervisor.start();
      await until(() => exits.length === 2, "two crashes");
      await supervisor.stop();
      expect([supervisor.pid, pids.length]).toEqual([undefined, 2]);
    }));
});

describe("back-off", () => {
  const table = [
    {
      name: "doubles up to ten seconds",
      alive: Array(8).fill(0),
      random: 0,
      want: [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000],
    },
    { name: "takes up to half off at random", alive: [0, 0], random: 0.5, want: [150, 300] },
    {
      name: "starts anew after 30 seconds alive",
      alive: [0, 0, 29_999, 30_000, 0],
      random: 0,
      want: [200, 400, 800, 200, 400],
    },
  ];
  test.each(table)("$name", ({ alive, random, want }) => {
    const backOff = new BackOff(() => random);
    expect(alive.map((ms) => backOff.next(ms))).toEqual(want);
  });
});
