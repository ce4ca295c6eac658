import { resolve } from "node:path";
import { Command } from "commander";
import { execInNode } from "../node/exec.ts";
import { type ExitCode, fail, type Run } from "./command.ts";
import { DEFAULT_STATE } from "./up.ts";

const HELP = `
Nodes are named as \`sallyport status\` does; options of the command itself stand after --.
Exit codes: those of the command; 2 also if there is no such node, or nothing runs.

Examples:
  sallyport exec web -- curl http://10.77.0.12:8080/
  sallyport exec api -- nft list counters`;

export function execCommand(run: Run): Command {
  return new Command("exec")
    .description("Run a command in the network namespace of a node that `sallyport up` runs.")
    .argument("<node>", "name of the node")
    .argument("<command...>", "command and its arguments, after --")
    .option("--state <directory>", "state directory of the running `sallyport up`", DEFAULT_STATE)
    .addHelpText("after", HELP)
    .action(async (node: string, command: readonly string[], { state }: { readonly state: string }) => {
      const outcome = await execInNode(resolve(state), node, command);
      run.exitCode = outcome.kind === "ended" ? (outcome.code as ExitCode) : fail(run, outcome.reason);
    });
}
