import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { envoyStats } from "../node/admin.ts";
import { adminSocketPath } from "../node/admin-socket.ts";
import { runningIn } from "../node/run-record.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { DEFAULT_STATE } from "./up.ts";

interface NodeStatus {
  readonly node: string;
  readonly ready: boolean;
  /** Image generation, `term << 32 | sequence`; 0 without an image. */
  readonly generation: number;
  readonly flows: number;
  /** Verdicts since the Envoy started, by `place.verdict`. */
  readonly verdicts: Readonly<Record<string, number>>;
}

const HELP = `
One line per node: its image's generation, live flows, and how many flows got which verdict at which filter.
Exit codes: 0 every node has an image, 2 error, or one has none.

Examples:
  sallyport status
  sallyport status --state /tmp/lab/.sallyport --output json`;

const PREFIX = "wasmcustom.sallyport.";

export function statusCommand(run: Run): Command {
  return new Command("status")
    .description("Show the nodes that `sallyport up` runs: images, live flows, verdicts.")
    .option("--state <directory>", "state directory of the running `sallyport up`", DEFAULT_STATE)
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"]).default("text"))
    .addHelpText("after", HELP)
    .action(async ({ state, output }: { readonly state: string; readonly output: string }) => {
      run.exitCode = await status(run, resolve(state), output);
    });
}

async function status(run: Run, state: string, output: string): Promise<ExitCode> {
  if ((await runningIn(state)) === undefined) return fail(run, `nothing runs in ${state}; start sallyport up`);
  const names = await readdir(join(state, "nodes"));
  const nodes = await Promise.all(names.sort().map((name) => nodeStatus(name, adminSocketPath(state, name))));
  run.terminal.out(output === "json" ? JSON.stringify(nodes, null, 2) : nodes.map(line).join("\n"));
  return nodes.every(({ ready }) => ready) ? ExitCode.Ok : ExitCode.Error;
}

async function nodeStatus(node: string, socket: string): Promise<NodeStatus> {
  const stats = await envoyStats(socket, "sallyport").catch(() => undefined);
  if (stats === undefined) return { node, ready: false, generation: 0, flows: 0, verdicts: {} };
  const verdicts = [...stats].filter(([name, count]) => /\.(stamp|gate|verify)\./.test(name) && count > 0);
  return {
    node,
    ready: (stats.get(`${PREFIX}image.generation`) ?? 0) > 0,
    generation: stats.get(`${PREFIX}image.generation`) ?? 0,
    flows: stats.get(`${PREFIX}vm.flows`) ?? 0,
    verdicts: Object.fromEntries(verdicts.map(([name, count]) => [name.slice(PREFIX.length), count])),
  };
}

function line({ node, ready, generation, flows, verdicts }: NodeStatus): string {
  if (!ready) return `${node}  not ready`;
  const counts = Object.entries(verdicts).map(([name, count]) => `${name} ${count}`);
  const text = `generation ${Math.floor(generation / 2 ** 32)}.${generation % 2 ** 32}  flows ${flows}`;
  return [`${node}  ${text}`, ...counts].join("  ");
}
