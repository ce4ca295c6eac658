import { Command, Option } from "commander";
import type { Compilation } from "../compile/compile.ts";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { differences } from "../diff/compare.ts";
import { type AskedFor, type AskedWorld, askedWorld, enforceAuditedOption, isolationOption } from "./asked-world.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { diffJson, diffMarkdown, diffText, type OverlayDiff } from "./diff-text.ts";

interface Options extends AskedFor {
  readonly output: "text" | "markdown" | "json";
}

const HELP = `
OLD and NEW are files or directories of YAML or JSON; - is standard input. Every port of every protocol is compared, and
addresses of outsiders too. Members are the same if namespace and name are, even if their addresses aren't.

JSON has the lists changes (change: opens, closes or moves; overlay, family, from, to, ports) and members.
Exit codes: 0 no flow changes, 3 flows change, 2 error, or something in NEW can't be taken as written.

Examples:
  sallyport diff before/ after/
  git worktree add /tmp/base main && sallyport diff /tmp/base/policies policies --output markdown
  kubectl get ns,pods,netpol -A -o yaml > now.yaml; sallyport diff now.yaml planned/
  sallyport diff policies policies --enforce-audited   # what would it change to enforce what is audited?`;

export function diffCommand(run: Run): Command {
  return new Command("diff")
    .description("Which flows open, which close, between two states of policy? For a review, before it is applied.")
    .argument("<old>", "the state before")
    .argument("<new>", "the state after")
    .addOption(isolationOption())
    .addOption(enforceAuditedOption("take NEW as if what it audits were enforced"))
    .addOption(
      new Option("-o, --output <format>", "how to print it").choices(["text", "markdown", "json"]).default("text"),
    )
    .addHelpText("after", HELP)
    .action(async (old: string, now: string, options: Options) => {
      run.exitCode = await diff(run, old, now, options);
    });
}

async function diff(run: Run, oldPath: string, nowPath: string, options: Options): Promise<ExitCode> {
  if (oldPath === "-" && nowPath === "-" && !options.enforceAudited)
    return fail(run, "- is there twice, and standard input holds one state");
  const old = await askedWorld(run, [oldPath], { ...options, enforceAudited: false });
  const now = await askedWorld(run, [nowPath], options);
  if (old === undefined || now === undefined) return ExitCode.Error;
  const diffs = overlayPairs(old, now).map(overlayDiff).filter(isChange);
  run.terminal.out(PRINTERS[options.output](diffs, run.terminal));
  if (now.rejections.length > 0) return ExitCode.Error;
  return diffs.some(({ differences }) => differences.length > 0) ? ExitCode.Found : ExitCode.Ok;
}

const PRINTERS = { text: diffText, markdown: diffMarkdown, json: diffJson };

interface Pair {
  readonly old: CompiledPolicy;
  readonly now: CompiledPolicy;
}

/** Overlays by name; one that is alone on both sides is the same overlay, whatever it is called. */
function overlayPairs(old: AskedWorld, now: AskedWorld): Pair[] {
  const [before, after] = [byName(old), byName(now)];
  const [[only] = [], [same] = []] = [[...before.values()], [...after.values()]];
  if (before.size === 1 && after.size === 1 && only && same) return [{ old: only, now: same }];
  return [...new Set([...before.keys(), ...after.keys()])].sort().map((name) => {
    const [was, becomes] = [before.get(name), after.get(name)];
    return { old: was ?? nobody(becomes as CompiledPolicy), now: becomes ?? nobody(was as CompiledPolicy) };
  });
}

function byName({ compilations }: AskedWorld): Map<string, CompiledPolicy> {
  return new Map(compilations.map(({ policy }: Compilation) => [policy.overlay.name, policy]));
}

/** An overlay before it exists, or after: without members nothing flows. */
function nobody(policy: CompiledPolicy): CompiledPolicy {
  return { ...policy, endpoints: [] };
}

function overlayDiff({ old, now }: Pair): OverlayDiff {
  const [before, after] = [membersOf(old), membersOf(now)];
  return {
    overlay: now.overlay.name,
    differences: differences(old, now),
    added: [...after].filter((name) => !before.has(name)),
    removed: [...before].filter((name) => !after.has(name)),
  };
}

function isChange({ differences, added, removed }: OverlayDiff): boolean {
  return differences.length + added.length + removed.length > 0;
}

function membersOf({ endpoints }: CompiledPolicy): Set<string> {
  return new Set(endpoints.map(({ endpoint }) => `${endpoint.namespace}/${endpoint.name}`));
}
