import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Command, Option } from "commander";
import { decodeTestFile, type TestFile } from "../policy-test/decode.ts";
import { TestRunner } from "../policy-test/run.ts";
import { didYouMean } from "../read/closest.ts";
import { formatRejection } from "../read/issue.ts";
import { type AskedFor, askedWorld, enforceAuditedOption, ISOLATIONS, isolationOption } from "./asked-world.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { type FileResults, junitReport, tapReport, textReport } from "./test-report.ts";

interface Options extends AskedFor {
  readonly file?: readonly string[];
  readonly output: "text" | "tap" | "junit";
}

const HELP = `
A file of tests:

  world: [../shop]            # files and directories, seen from this file; -f on the command line instead
  isolation: kubernetes       # or default-deny; else what the overlay says
  tests:
    - name: web calls api
      from: shop/web          # namespace/name, a name, an IP address, shop/*, * for all members, or a list of these;
      to: shop/api            # "!shop/web" in a list leaves one out
      port: [8080, pg, 53/udp]  # numbers, or names of ports: of several destinations those are asked that have it
      expect: allow           # or deny: each of these flows
      via: [edge-a, edge-b]   # the gateways that allowed flows pass, in this order
    - { from: ["*", "!shop/api"], to: data/db, port: pg, expect: deny }

Exit codes: 0 all pass, 3 some fail, 2 error.

Examples:
  sallyport test manifests/samples/tests/shop.yaml
  sallyport test tests/*.yaml -f policies --output junit > results.xml`;

export function testCommand(run: Run): Command {
  return new Command("test")
    .description("Policy tests as code: run tables of flows and what shall become of them.")
    .argument("<file...>", "files of tests")
    .option("-f, --file <path...>", "the world, instead of what the files of tests say; - is standard input")
    .addOption(isolationOption())
    .addOption(enforceAuditedOption())
    .addOption(new Option("-o, --output <format>", "how to report").choices(["text", "tap", "junit"]).default("text"))
    .addHelpText("after", HELP)
    .action(async (files: readonly string[], options: Options) => {
      run.exitCode = await testFiles(run, files, options);
    });
}

async function testFiles(run: Run, files: readonly string[], options: Options): Promise<ExitCode> {
  const results: FileResults[] = [];
  let isWhole = true;
  for (const file of files) {
    const outcome = await testFile(run, file, options);
    if (outcome === undefined) return ExitCode.Error;
    isWhole &&= outcome.isWhole;
    results.push(outcome);
  }
  run.terminal.out(REPORTS[options.output](results, run.terminal));
  const outcomes = results.flatMap((one) => one.results.map(({ outcome }) => outcome));
  if (!isWhole || outcomes.includes("error")) return ExitCode.Error;
  return outcomes.includes("failed") ? ExitCode.Found : ExitCode.Ok;
}

const REPORTS = { text: textReport, tap: tapReport, junit: junitReport };

/** Undefined: it was said what is wrong with the file or its world. `isWhole`: nothing of the world was rejected. */
async function testFile(
  run: Run,
  file: string,
  { file: paths, isolation, enforceAudited }: Options,
): Promise<(FileResults & { readonly isWhole: boolean }) | undefined> {
  const decoded = await readTestFile(run, file);
  if (decoded === undefined) return undefined;
  const world = paths ?? decoded.world.map((path) => (path.startsWith("/") ? path : join(dirname(file), path)));
  if (world.length === 0) {
    run.exitCode = fail(run, `${file} names no world: add world: [<path>], or say -f`);
    return undefined;
  }
  const asked = await askedWorld(run, world, {
    isolation: isolation ?? wordOf(decoded.isolation),
    enforceAudited,
  });
  if (asked === undefined) return undefined;
  const runner = new TestRunner(
    asked.compilations.map(({ policy }) => policy),
    didYouMean,
  );
  return { file, results: decoded.tests.map((test) => runner.run(test)), isWhole: asked.rejections.length === 0 };
}

async function readTestFile(run: Run, file: string): Promise<TestFile | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== "string") {
    run.exitCode = fail(run, `${file}: ${UNREADABLE[text.code ?? ""] ?? `can't be read: ${text.message}`}`);
    return undefined;
  }
  const decoded = decodeTestFile(file, text);
  if ("tests" in decoded) return decoded;
  run.exitCode = fail(run, decoded.rejections.map(formatRejection).join("\n"));
  return undefined;
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "does not exist: check the path",
  EISDIR: "is a directory: name the files of tests in it, such as tests/*.yaml",
  EACCES: "may not be read: check its permissions",
};

function wordOf(isolation: TestFile["isolation"]): string | undefined {
  return Object.keys(ISOLATIONS).find((word) => ISOLATIONS[word] === isolation);
}
