import { Command, Option } from "commander";
import { CHECKS } from "../check/catalog.ts";
import { check } from "../check/check.ts";
import type { Result } from "../check/finding.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { type MeshOptions, meshOf, withMeshOptions } from "./mesh-options.ts";
import type { Terminal } from "./terminal.ts";

interface Options extends MeshOptions {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly output: "text" | "json";
}

const WIDTH = Math.max(...CHECKS.map(({ id }) => id.length));
const HELP = `
Looks at a cluster and changes nothing. What one may not look at is a warning that names the missing right.

Checks, which docs/cli.md explains:
${CHECKS.map(({ id, ok }) => `  ${id.padEnd(WIDTH)}  ${ok}`).join("\n")}

JSON: {"results": [{"check", "severity", "object", "message", "advice"}, ...]}; fields are added but not renamed or
removed. Severities: ok, warning, error.
Exit codes: 0 all ok, 3 warnings, 2 errors, or the cluster can't be asked.

Examples:
  sallyport check
  sallyport check --namespace shop
  sallyport check --output json | jq -r '.results[] | select(.severity != "ok") | .advice'`;

export function checkCommand(run: Run): Command {
  const command = new Command("check")
    .description("Find what is wrong with Sallyport in a cluster with Istio, and what to do about it.")
    .option("--namespace <name>", "look at this one, besides Istio's and the controller's; else at all")
    .option(...KUBECONFIG)
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"]).default("text"));
  return withMeshOptions(command)
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      run.exitCode = await checkCluster(run, options);
    });
}

export const KUBECONFIG = [
  "--kubeconfig <file>",
  "the cluster; else that of $KUBECONFIG, ~/.kube/config, or the pod that this runs in",
] as const;

async function checkCluster(run: Run, options: Options): Promise<ExitCode> {
  const mesh = meshOf(options);
  if ("complaint" in mesh) return fail(run, mesh.complaint);
  // Loading the Kubernetes client takes a second.
  const { ApiClient } = await import("../kube/api-client.ts");
  const { gatherFacts } = await import("../kube/check-facts.ts");
  let results: Result[];
  try {
    const client = ApiClient.of(options.kubeconfig);
    const scope = options.namespace === undefined ? {} : { namespace: options.namespace };
    results = await gatherFacts(client, mesh, scope, new Date())
      .then(check)
      .finally(() => client.close());
  } catch (error) {
    return fail(run, `the cluster can't be asked: ${(error as Error).message || String(error)}`);
  }
  run.terminal.out(
    options.output === "json" ? JSON.stringify({ results }, null, 2) : resultsText(results, run.terminal),
  );
  return codeOf(results);
}

export function codeOf(results: readonly Result[]): ExitCode {
  if (results.some(({ severity }) => severity === "error")) return ExitCode.Error;
  return results.some(({ severity }) => severity === "warning") ? ExitCode.Found : ExitCode.Ok;
}

const STYLES = { error: "red", warning: "yellow", ok: "green" } as const;

/** A line for each, and one below with what to do. */
export function resultsText(results: readonly Result[], { style }: Pick<Terminal, "style">): string {
  const lines = results.flatMap(({ check, severity, object, message, advice }) => {
    const head = `${style(STYLES[severity], severity.padEnd(7))}  ${check.padEnd(WIDTH)}`;
    const said = [object, message].filter((part) => part !== "").join(": ");
    return [`${head}  ${said}`, ...(advice === "" ? [] : [`${" ".repeat(WIDTH + 11)}-> ${advice}`])];
  });
  const count = (wanted: Result["severity"]) => results.filter(({ severity }) => severity === wanted).length;
  return [...lines, `${count("error")} errors, ${count("warning")} warnings, ${count("ok")} ok`].join("\n");
}
