import { resolve } from "node:path";
import { Command } from "commander";
import { formatRejection } from "../read/issue.ts";
import type { Session, SessionEvents } from "../standalone/session.ts";
import type { Reload } from "../standalone/standalone.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { codeFolder } from "./installation.ts";
import { inLab, stopSignal } from "./lab.ts";

interface Options {
  readonly file: string;
  readonly state: string;
  readonly namespaces: boolean;
}

const HELP = `
Reads the directory, starts every node that has \`local: {}\` in a network namespace of its own, serves their images and
follows the directory: an edit is enforced without a restart, a broken file keeps the last good state. Ctrl-C stops all.
Exit codes: 0 stopped by a signal, 2 error.

Examples:
  sallyport up -f manifests/samples/shop
  sallyport exec web -- curl http://10.77.0.12:8080/     in another terminal
  sallyport status`;

export const DEFAULT_STATE = ".sallyport";

export function upCommand(run: Run): Command {
  return new Command("up")
    .description("Run the standalone controller and every local node on this machine.")
    .requiredOption("-f, --file <directory>", "directory of resources, followed while it runs")
    .option("--state <directory>", "keys, certificates, logs; private to this user", DEFAULT_STATE)
    .option("--no-namespaces", "run on loopback addresses of this machine; apps are then neither captured nor guarded")
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      run.exitCode = await inLab(run, options.namespaces, (envoy) => up(run, options, envoy));
    });
}

async function up(run: Run, { file, state }: Options, envoy: string): Promise<ExitCode> {
  const asked = stopSignal();
  // Not loaded for the other commands: it takes longer than most of them.
  const { Session } = await import("../standalone/session.ts");
  const events = narrate(run);
  const start = await Session.start({ folder: resolve(file), stateFolder: resolve(state), codeFolder, envoy, events });
  if ("problem" in start) return fail(run, start.problem);
  if ("kind" in start) return fail(run, start.rejections.map(formatRejection).join("\n"));
  const { session } = start;
  run.terminal.out(`${session.standalone.nodes.length} nodes started: ${session.standalone.nodes.join(", ")}`);
  void announceReady(run, session);
  const signal = await asked;
  run.terminal.out(`${signal}: stopping ${session.standalone.nodes.length} nodes`);
  await session.stop();
  return ExitCode.Ok;
}

async function announceReady({ terminal }: Run, session: Session): Promise<void> {
  for (let waiting = await session.unready(); waiting.length > 0; waiting = await session.unready()) {
    await new Promise((resolve) => setTimeout(resolve, 100).unref());
  }
  terminal.out("ready: every node runs its image and reaches its gateways");
}

function narrate({ terminal }: Run): SessionEvents {
  const say = (text: string) => terminal.out(`${new Date().toISOString()} ${text}`);
  return {
    reloaded: (reload) => say(reloadText(reload)),
    programmed: (generation, tookMs) => say(`all nodes run generation ${generation}, ${tookMs} ms after it was issued`),
    rotated: () => say("a new epoch began; nodes got its keys"),
    crashed: (node, how, restartInMs) =>
      say(`the Envoy of ${node} ended (${how}); it starts again in ${restartInMs} ms`),
    trouble: (message) => say(message),
  };
}

function reloadText(reload: Reload): string {
  if (reload.kind === "kept") {
    return ["the last good state stays in force, because:", ...reload.rejections.map(formatRejection)].join("\n  ");
  }
  const { changed, held, started, stopped } = reload;
  const nodes = [...started.map((name) => `started ${name}`), ...stopped.map((name) => `stopped ${name}`)];
  const images = changed === 0 ? "no node needs another image" : `${changed} new images`;
  const applied = [`applied: ${images}`, ...nodes].join("; ");
  return held.length === 0 ? applied : [`${applied}; not applied:`, ...held.map(formatRejection)].join("\n  ");
}
