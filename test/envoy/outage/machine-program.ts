/**
 * Runs nodes in a lab as `sallyport up` does, but with the controller in a process of its own that may die: on the line
 * `kill` it does, on the line `start MS` it comes back and issues certificates that live so long. Arguments: kind of lab,
 * then those of the controller.
 */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { spawnBound } from "../../../controller/node/child.ts";
import { ensureEnvoy, envoyVersion } from "../../../controller/node/envoy.ts";
import { knowsResetLimits } from "../../../controller/node/envoy-version.ts";
import { currentLab, enterLab } from "../../../controller/node/lab-entry.ts";
import type { LabKind } from "../../../controller/node/lab-support.ts";
import { Lab } from "../../../controller/node/namespace.ts";
import { claimStateFolder, releaseStateFolder } from "../../../controller/node/run-record.ts";
import { makePrivateFolder } from "../../../controller/serve/private-file.ts";
import { LabMachine } from "../../../controller/standalone/lab-machine.ts";
import type { RunningNode } from "../../../controller/standalone/machine.ts";
import type { Answer, Wish } from "./wishes.ts";

const LOADER = new URL("../../node/typescript.mjs", import.meta.url).href;
const CONTROLLER = new URL("./controller-program.ts", import.meta.url).pathname;

const [kind, ...args] = process.argv.slice(2) as [LabKind, ...string[]];

if (currentLab() === undefined) process.exit(await enterLab(kind));

const state = args[args.indexOf("--state") + 1] as string;
const { path } = await ensureEnvoy(console.error);
const envoy = { path, resetLimits: knowsResetLimits(await envoyVersion(path)) };
await makePrivateFolder(state);
await claimStateFolder(state, kind);
const machine = new LabMachine(await Lab.open({ stateFolder: state }), envoy, {});
const nodes = new Map<string, RunningNode>();
let controller: ChildProcess | undefined;

function startController(certificateLifetimeMs: number): void {
  const facts = [JSON.stringify(envoy), String(certificateLifetimeMs)];
  const command = [process.execPath, "--import", LOADER, CONTROLLER, ...facts, ...args];
  const child = spawnBound(command, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  child.on("message", (wish: Wish) => {
    void grant(wish).then((answer) => child.connected && child.send(answer));
  });
  controller = child;
}

/** Nodes outlive the controller: one that runs is left as it is. */
async function grant({ id, name, start }: Wish): Promise<Answer> {
  const running = nodes.get(name);
  if (start === undefined) {
    nodes.delete(name);
    await running?.stop();
  } else if (running === undefined) {
    nodes.set(name, await machine.start(start, start.folder));
  }
  return { id };
}

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "kill") controller?.kill("SIGKILL");
  const start = /^start ([0-9]+)$/.exec(line);
  if (start !== null) startController(Number(start[1]));
});

process.once("SIGTERM", async () => {
  controller?.kill("SIGKILL");
  await Promise.all([...nodes.values()].map((node) => node.stop()));
  await machine.close();
  await releaseStateFolder(state);
  process.exit(0);
});
startController(3_600_000);
