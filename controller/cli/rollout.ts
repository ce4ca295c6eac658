import { createInterface } from "node:readline/promises";
import { Command, InvalidArgumentError } from "commander";
import { labelComplaint } from "../read/names.ts";
import type { Asked } from "../rollout/rollout.ts";
import { KUBECONFIG } from "./check.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { type MeshOptions, meshOf, withMeshOptions } from "./mesh-options.ts";

/** How a namespace is brought in or out. */
interface RolloutOptions extends MeshOptions, Asked {
  readonly leave?: boolean;
  readonly yes?: boolean;
  readonly kubeconfig?: string;
}

const HELP = `
Brings a namespace into an overlay, step by step, and back if a step fails:
  check      as sallyport check --namespace does; errors stop here
  validate   istioctl validate and analyze of every object; any complaint but the generic one about EnvoyFilters stops
  diff       which flows close; asks before anything is changed, unless --yes
  label      with --audit the Overlay audits from here on; the label opts the namespace in, and its objects are applied
  restart    names the workloads whose pods must start again, and waits for them; --restart does it
  programmed waits until every sidecar has its image and no proxy refused its configuration
  observe    counts what policy denies, or would: beyond --max-denied the namespace goes back
  promote    with --audit the Overlay enforces, and that is observed too
Without --audit pods that have started again and pods that haven't refuse each other until all have. Ended by a signal it
goes on where it was when it is run again. --leave takes the namespace out: label first, then guard and objects, then
restarts.

Rights: get and patch namespaces and overlays, list what check lists, get pods/proxy, and with --no-controller patch and
delete configmaps, envoyfilters, networkpolicies and wasmplugins of the namespace; with --restart patch workloads.
Exit codes: 0 done, 3 rolled back, or refused by the one who was asked, 2 stopped before anything was changed, or it
couldn't be rolled back.

Examples:
  sallyport rollout shop --overlay shop --audit
  sallyport rollout shop --overlay shop --audit --restart --observe 600 --max-denied 0.5% --yes
  sallyport rollout shop --overlay shop --no-controller --istioctl ~/istio/bin/istioctl
  sallyport rollout shop --leave --restart`;

export function rolloutCommand(run: Run): Command {
  const command = new Command("rollout")
    .description("Bring a namespace into an overlay, watched and step by step, or out of it.")
    .argument("<namespace>", "whose pods become members")
    .option("--overlay <name>", "which Overlay; else that of its label, or the only one")
    .option("--audit", "audit first: deny nothing, count what would be, then enforce")
    .option("--leave", "take the namespace out")
    .option("--restart", "restart the workloads that need it, as kubectl rollout restart does")
    .option("--yes", "don't ask")
    .option("--no-controller", "apply the namespace's objects instead of letting the controller")
    .option("--istioctl <file>", "Istio's command", "istioctl")
    .option("--revision <name>", "Istio's revision, for istioctl analyze; else that of the namespace's label")
    .option("--timeout <seconds>", "how long to wait for restarts and proxies", seconds, 600)
    .option("--observe <seconds>", "how long to watch what is denied", seconds, 60)
    .option(
      "--max-denied <share>",
      "of authenticated peers' flows, such as 1%; beyond it the namespace goes back",
      share,
      0.01,
    )
    .option(...KUBECONFIG);
  return withMeshOptions(command)
    .addHelpText("after", HELP)
    .action(async (namespace: string, options: RolloutOptions) => {
      run.exitCode = await rollout(run, namespace, options);
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be seconds, from 0 to 999999.");
  return value;
}

function share(text: string): number {
  const [, number, percent] = /^(\d{1,3}(?:\.\d{1,6})?)(%?)$/.exec(text) ?? [];
  const value = Number(number) / (percent === "%" ? 100 : 1);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("It must be a share such as 1% or 0.01.");
  return value;
}

async function rollout(run: Run, namespace: string, options: RolloutOptions): Promise<ExitCode> {
  // It becomes a part of paths on the API server.
  const complaint = labelComplaint(namespace);
  if (complaint !== undefined) return fail(run, `"${namespace}" is no namespace: it ${complaint}`);
  const mesh = meshOf(options);
  if ("complaint" in mesh) return fail(run, mesh.complaint);
  if (options.leave && options.audit) return fail(run, "--leave and --audit are opposites: say one");
  // Loading the Kubernetes client takes a second.
  const { ApiClient } = await import("../kube/api-client.ts");
  const { RolloutCluster } = await import("../kube/rollout-cluster.ts");
  const { Rollout } = await import("../rollout/rollout.ts");
  try {
    const client = ApiClient.of(options.kubeconfig);
    const cluster = new RolloutCluster(client, mesh, namespace);
    const tell = { terminal: run.terminal, confirm: (question: string) => confirmed(run, question, options) };
    const work = new Rollout(cluster, options, tell);
    const outcome = await (options.leave ? work.leave() : work.join()).finally(() => client.close());
    return { done: ExitCode.Ok, "rolled-back": ExitCode.Found, stopped: ExitCode.Error, declined: ExitCode.Denied }[
      outcome
    ];
  } catch (error) {
    return fail(run, `the cluster can't be asked: ${(error as Error).message || String(error)}`);
  }
}

async function confirmed({ terminal }: Run, question: string, { yes }: RolloutOptions): Promise<boolean> {
  if (yes) return true;
  if (process.stdin.isTTY !== true) {
    terminal.error("nobody can be asked: run it in a terminal, or say --yes");
    return false;
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${question} Type yes to go on: `).finally(() => lines.close());
  return answer.trim() === "yes";
}
