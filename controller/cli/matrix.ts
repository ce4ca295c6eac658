import { Command, Option } from "commander";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { Matrix } from "../matrix/matrix.ts";
import { declaredPorts, decodePorts } from "../matrix/ports.ts";
import type { World } from "../model/resources.ts";
import { deciderOf, type Engine } from "../offline/decider.ts";
import { listed } from "../offline/listed.ts";
import {
  type AskedFor,
  askedOverlay,
  askedWorld,
  enforceAuditedOption,
  FILES,
  isolationOption,
  overlayOption,
} from "./asked-world.ts";
import { fail, type Run } from "./command.ts";
import { codeFolder } from "./installation.ts";
import { matrixJson } from "./matrix-json.ts";
import { matrixMarkdown, matrixText } from "./matrix-text.ts";

interface Options extends AskedFor {
  readonly file: readonly string[];
  readonly ports?: string;
  readonly engine: Engine;
  readonly output: "text" | "markdown" | "json";
}

const HELP = `
Decides for every ordered pair of members and every port what the source's egress and the destination's ingress say.
Objects without an Overlay are taken as one that answers as Kubernetes does, unless --isolation says otherwise.

JSON: {"cells": [{"from": "ns/name", "to": "ns/name", "protocol": "TCP", "port": 80,
                  "ingress": "allow", "egress": "deny", "verdict": "deny"}, ...]}
Fields are added but not renamed or removed. A member always reaches itself.
Exit codes: 0 done, 2 error.

Examples:
  sallyport matrix -f manifests/samples/shop
  sallyport matrix -f manifests/samples/shop --ports TCP/8080,UDP/53 --output markdown
  kubectl get ns,pods,netpol -A -o yaml | sallyport matrix -f - --isolation kubernetes --output json`;

export function matrixCommand(run: Run): Command {
  return new Command("matrix")
    .description("Who reaches whom? Every pair of members at every port, offline, by the code that the filters run.")
    .requiredOption(...FILES)
    .option("--ports <ports>", "ports such as TCP/80,UDP/53; else those that members declare, else TCP/80")
    .addOption(isolationOption())
    .addOption(enforceAuditedOption())
    .addOption(overlayOption())
    .addOption(
      new Option("--engine <engine>", "the filters' code as TypeScript (node) or as compiled (wasm)")
        .choices(["node", "wasm"])
        .default("node"),
    )
    .addOption(
      new Option("-o, --output <format>", "how to print it").choices(["text", "markdown", "json"]).default("text"),
    )
    .addHelpText("after", HELP)
    .action((options: Options) => matrix(run, options));
}

async function matrix(run: Run, options: Options): Promise<void> {
  const asked = options.ports === undefined ? undefined : decodePorts(options.ports);
  if (asked !== undefined && "problem" in asked) {
    run.exitCode = fail(run, asked.problem);
    return;
  }
  const world = await askedWorld(run, options.file, options);
  if (world === undefined) return;
  const compilation = askedOverlay(run, world, options);
  if (compilation === undefined) return;
  const { policy } = compilation;
  const decider = await deciderOf(policy, options.engine, codeFolder).catch((error: Error) => error);
  if (decider instanceof Error) {
    run.exitCode = fail(run, decider.message);
    return;
  }
  print(run, options, new Matrix(policy, asked ?? declaredPorts(policy), decider));
  if (options.output !== "json") for (const line of leftOut(world.world, policy)) run.terminal.out(line);
}

function print({ terminal }: Run, { output }: Options, matrix: Matrix): void {
  if (output === "json") for (const piece of matrixJson(matrix)) terminal.out(piece);
  else if (matrix.names.length === 0) terminal.out("There are no members.");
  else terminal.out(output === "markdown" ? matrixMarkdown(matrix) : matrixText(matrix, terminal));
}

/** Pods that are no members, and why. */
function leftOut({ pods }: World, { overlay, endpoints }: CompiledPolicy): string[] {
  const members = new Set(endpoints.map(({ endpoint }) => `${endpoint.namespace}/${endpoint.name}`));
  const reasons = new Map<string, string[]>();
  for (const { namespace, name, hostNetwork, addresses } of pods) {
    if (members.has(`${namespace}/${name}`)) continue;
    const reason = hostNetwork
      ? "use their node's network: policy can't see them"
      : addresses.length === 0
        ? "have no address: they haven't started, or have ended"
        : `aren't in overlay ${overlay.name}, or were rejected; the label sallyport.dev/overlay of their namespace says which overlay they are in`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), `${namespace}/${name}`]);
  }
  return [...reasons].map(([reason, names]) => `\nLeft out: ${listed(names)} ${reason}.`);
}
