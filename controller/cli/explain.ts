import { Command, Option } from "commander";
import { type Explanation, explain } from "../explain/explain.ts";
import { decodeQuestion } from "../explain/question.ts";
import type { Member, World } from "../model/resources.ts";
import { didYouMean } from "../read/closest.ts";
import { type AskedFor, askedWorld, enforceAuditedOption, FILES, isolationOption } from "./asked-world.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { explanationText } from "./explanation-text.ts";

interface Options extends AskedFor {
  readonly file: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly output: "text" | "json";
}

const HELP = `
--from and --to take namespace/name of a pod or an OverlayEndpoint, its name if no other has it, or an IP address.
--port takes 8080, 8080/tcp, TCP/8080, or the name of a port of the destination.

Tells which rule decides each side, which policies would have if it were not for others, and what is missing to allow a
denied flow. Objects without an Overlay are answered as Kubernetes would, unless --isolation says otherwise.

JSON output has the fields from, to, protocol, port, overlay, verdict, reason, egress, ingress, hops, changes, policies
and rejections. Exit codes: 0 allowed, 3 denied, 2 error.

Examples:
  sallyport explain -f manifests/samples/shop --from shop/web --to data/db --port pg
  kubectl get ns,pods,netpol -A -o yaml | sallyport explain -f - --from shop/web-1 --to 10.1.2.3 --port 53/udp`;

export function explainCommand(run: Run): Command {
  return new Command("explain")
    .description("May A reach B on a port, through what, by which rule? Offline, by the code that the filters run.")
    .requiredOption(...FILES)
    .requiredOption("--from <party>", "who opens the connection")
    .requiredOption("--to <party>", "whom to")
    .requiredOption("--port <port>", "at which port")
    .addOption(isolationOption())
    .addOption(enforceAuditedOption())
    .addOption(new Option("-o, --output <format>", "how to print the answer").choices(["text", "json"]).default("text"))
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      run.exitCode = await answer(run, options);
    });
}

async function answer(run: Run, options: Options): Promise<ExitCode> {
  const blank = (["from", "to", "port"] as const).find((name) => options[name].trim() === "");
  if (blank !== undefined) return fail(run, `--${blank} is empty: is a variable unset?`);
  const asked = await askedWorld(run, options.file, options);
  if (asked === undefined) return ExitCode.Error;
  const { world, compilations, rejections } = asked;
  const question = decodeQuestion(
    options,
    compilations.map(({ policy }) => policy),
    didYouMean,
  );
  if ("problem" in question)
    return fail(run, leftOut(world, options.from) ?? leftOut(world, options.to) ?? question.problem);
  const explanation = explain(world, question);
  run.terminal.out(
    options.output === "json" ? json(explanation, rejections) : explanationText(explanation, run.terminal),
  );
  return explanation.verdict === "allowed" ? ExitCode.Ok : ExitCode.Denied;
}

/** Why a pod of that name is no member that could be asked about. */
function leftOut({ pods, endpoints }: World, text: string): string | undefined {
  const isAsked = ({ namespace, name }: Member) => text === `${namespace}/${name}` || text === name;
  const pod = pods.find(isAsked);
  if (pod === undefined || endpoints.some((member) => isAsked(member) && member.overlay !== "")) return undefined;
  const name = `pod ${pod.namespace}/${pod.name}`;
  if (pod.hostNetwork) return `${name} uses its node's network, so policy can't see it: ask by the node's IP address`;
  if (pod.addresses.length === 0) return `${name} has no address: it hasn't started, or has ended`;
  return `${name} is in no overlay: label its namespace sallyport.dev/overlay with the name of one`;
}

function json(explanation: Explanation, rejections: readonly string[]): string {
  return JSON.stringify({ ...explanation, rejections }, null, 2);
}
