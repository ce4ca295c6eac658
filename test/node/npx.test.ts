/** What npx does, done with two shells: npm starts a shell, that starts the program, and neither passes signals on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, jest, test } from "@jest/globals";
import { isAlive } from "../alive.ts";
import { until } from "../until.ts";

const LOADER = new URL("./typescript.mjs", import.meta.url).href;
const PROGRAM = new URL("./npx-program.ts", import.meta.url).pathname;
/** Shells replace themselves with the last command: `true` keeps them. */
const SHELL = 'echo $$; "$@"; true';

jest.setTimeout(30_000);

interface Started {
  readonly npm: ChildProcess;
  readonly shell: number;
  readonly program: number;
  /** Lines that it has printed. */
  lines(): number;
}

async function withStarted(script: string, use: (started: Started) => Promise<void>): Promise<void> {
  const env = { ...process.env, npm_lifecycle_event: "npx", npm_lifecycle_script: script };
  const program = [process.execPath, "--import", LOADER, PROGRAM];
  const npm = spawn("sh", ["-c", '"$@"; true', "sh", "sh", "-c", SHELL, "sh", ...program], { env });
  let said = "";
  npm.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const lines = () => said.split("\n").length - 1;
  await until(() => lines() >= 2, "the program to run", 20_000);
  const [shell, pid] = said.split("\n").map(Number) as [number, number];
  try {
    await use({ npm, shell, program: pid, lines });
  } finally {
    for (const one of [npm.pid as number, shell, pid]) if (isAlive(one)) process.kill(one, "SIGKILL");
  }
}

test("a program that npx was asked for ends when npx is killed", () =>
  withStarted("'sallyport'", async ({ npm, program }) => {
    npm.kill("SIGKILL");
    await until(() => !isAlive(program), "the program to end", 10_000);
  }));

test("a program that npx was asked for ends when the shell between them does", () =>
  withStarted("'sallyport'", async ({ shell, program }) => {
    process.kill(shell, "SIGTERM");
    await until(() => !isAlive(program), "the program to end", 10_000);
  }));

test("a program that another one started outlives it, though npx started that", () =>
  withStarted("'other'", async ({ npm, shell, program, lines }) => {
    npm.kill("SIGKILL");
    process.kill(shell, "SIGKILL");
    await once(npm, "exit");
    await until(() => !isAlive(shell), "the shell to end");
    const said = lines();
    // Far longer than the other one takes to notice.
    await until(() => lines() >= said + 5, "it to go on");
    expect(isAlive(program)).toBe(true);
  }));
