import { Command, Option } from "commander";
import { compile } from "../compile/compile.ts";
import { type Explanation, explain } from "../explain/explain.ts";
import { decodeQuestion } from "../explain/question.ts";
import { didYouMean } from "../read/closest.ts";
import { readWorld } from "../read/files.ts";
import { formatRejection } from "../read/issue.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { explanationText } from "./explanation-text.ts";

interface Options {
  readonly file: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly output: "text" | "json";
}

const HELP = `
--from and --to take namespace/name of an OverlayEndpoint, or an IP address.
--port takes 8080, 8080/tcp, TCP/8080, or the name of a port of the destination.

JSON output has the fields from, to, protocol, port, overlay, verdict, reason, egress, ingress, hops, changes and
rejections. Exit codes: 0 allowed, 3 denied, 2 error.

Example:
  sallyport explain -f manifests/samples/shop --from shop/web --to data/db --port pg`;

export function explainCommand(run: Run): Command {
  return new Command("explain")
    .description("May A reach B on a port, through what, by which rule? Offline, by the code that the filters run.")
    .requiredOption("-f, --file <path...>", "files or directories of YAML or JSON; - is standard input")
    .requiredOption("--from <party>", "who opens the connection")
    .requiredOption("--to <party>", "whom to")
    .requiredOption("--port <port>", "at which port")
    .addOption(new Option("-o, --output <format>", "how to print the answer").choices(["text", "json"]).default("text"))
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      run.exitCode = await answer(run, options);
    });
}

async function answer(run: Run, options: Options): Promise<ExitCode> {
  const { terminal } = run;
  const { world, rejections: unread, unreadable } = await readWorld(...options.file);
  if (unreadable.length > 0) return fail(run, unreadable.map(formatRejection).join("\n"));
  const compiled = world.overlays.map(({ name }) => compile(world, name));
  const rejections = [...unread, ...compiled.flatMap((compilation) => compilation.rejections)].map(formatRejection);
  for (const rejection of rejections) terminal.error(`${terminal.styleError("yellow", "rejected:")} ${rejection}`);
  if (rejections.length > 0)
    terminal.error("The answer is for what is left; `sallyport up` waits until all is repaired.");
  const policies = compiled.map(({ policy }) => policy);
  if (policies.length === 0) return fail(run, `${options.file.join(", ")} has no Overlay that can be read: add one`);
  const question = decodeQuestion(options, policies, didYouMean);
  if ("problem" in question) return fail(run, question.problem);
  const explanation = explain(world, question);
  terminal.out(options.output === "json" ? json(explanation, rejections) : explanationText(explanation, terminal));
  return explanation.verdict === "allowed" ? ExitCode.Ok : ExitCode.Denied;
}

function json(explanation: Explanation, rejections: readonly string[]): string {
  return JSON.stringify({ ...explanation, rejections }, null, 2);
}
