import { Command, Option } from "commander";
import { compile } from "../compile/compile.ts";
import { strays } from "../compile/strays.ts";
import { clientAddresses } from "../lint/blocks.ts";
import { Facts } from "../lint/facts.ts";
import type { Finding, Severity } from "../lint/finding.ts";
import { lint } from "../lint/lint.ts";
import type { Origin } from "../model/resources.ts";
import { asAsked } from "../offline/as-asked.ts";
import { DocumentReader, type RawObject } from "../read/documents.ts";
import { readSources } from "../read/files.ts";
import { formatPath, formatRejection } from "../read/issue.ts";
import { decodeWorld, type SourceText } from "../read/world.ts";
import { type AskedFor, FILES, ISOLATIONS, isolationOption, nothingIn } from "./asked-world.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import type { Terminal } from "./terminal.ts";

interface Options extends AskedFor {
  readonly file: readonly string[];
  readonly output: "text" | "json";
}

const HELP = `
Codes:
  rejected              (error) a part that can't be taken as written; it only removes access
  selects-nothing       a policy that selects nobody
  peer-selects-nothing  a rule for peers that aren't there
  shadowed-rule         a rule that another one makes superfluous or unreachable
  allows-all            an empty list or rule that allows everybody or every port
  separate-selectors    namespaceSelector and podSelector as two entries, of which either is enough
  ignored-rules         rules for a direction that policyTypes leaves out
  unknown-port-name     a named port that no destination has
  host-network-pod      a pod that policy can't see
  block-covers-members  an ipBlock that matches members, whose addresses change
  blind-block           an ipBlock that nothing in the overlay ever matches
  egress-unchecked      an overlay whose members reach outsiders whatever policy says
  client-address        an AuthorizationPolicy by client address
  domain-names          a rule by name, where no flow carries one
  path-conflict         FlowPolicies of both sides that send a flow by different gateways, so that it is denied
  blocks-tunnel         a NetworkPolicy that closes the tunnel port 15042
  blocks-probes         a NetworkPolicy that closes the mesh's ports 15020, 15021, 15090
  unprotected-members   members that no policy isolates, with isolation Kubernetes

JSON: {"findings": [{"code", "severity", "file", "line", "object", "field", "message"}, ...]}; fields are added but not
renamed or removed. Severities: error, warning, info.
Exit codes: 0 no warning, 3 warnings, 2 errors.

Examples:
  sallyport lint -f manifests/samples/shop
  kubectl get ns,pods,netpol -A -o yaml | sallyport lint -f - --output json`;

export function lintCommand(run: Run): Command {
  return new Command("lint")
    .description("Find what is probably not meant as it is written, before it is applied.")
    .requiredOption(...FILES)
    .addOption(isolationOption())
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"]).default("text"))
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      run.exitCode = await lintFiles(run, options);
    });
}

/** A finding where people look for it. */
interface Placed {
  readonly code: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  readonly object: string;
  readonly field: string;
  readonly message: string;
}

async function lintFiles(run: Run, { file, output, isolation }: Options): Promise<ExitCode> {
  const { sources, unreadable } = await readSources(...file);
  const reading = decodeWorld(sources);
  const broken = [...unreadable, ...reading.unreadable];
  if (broken.length > 0) return fail(run, broken.map(formatRejection).join("\n"));
  const objects = new Objects(sources);
  if (objects.all.length === 0) return fail(run, nothingIn(file));
  const world = asAsked(reading.world, ISOLATIONS[isolation ?? ""]);
  const compiled = world.overlays.flatMap(({ name }) => compile(world, name, { allowLoopback: true }).rejections);
  const facts = new Facts(world, (origin) => objects.find(origin)?.object);
  const findings = [
    ...[...reading.rejections, ...strays(world), ...compiled].filter(({ origin }) => origin.file !== "").map(rejected),
    ...[...lint(facts), ...clientAddresses(objects.all)].map((finding) => objects.placed(finding)),
  ].sort(byPlace);
  run.terminal.out(output === "json" ? JSON.stringify({ findings }, null, 2) : text(findings, run.terminal));
  if (findings.some(({ severity }) => severity === "error")) return ExitCode.Error;
  return findings.some(({ severity }) => severity === "warning") ? ExitCode.Found : ExitCode.Ok;
}

function rejected({ origin, field, message }: { origin: Origin; field: string; message: string }): Placed {
  const { file, line, kind, name } = origin;
  return { code: "rejected", severity: "error", file, line, object: `${kind} ${name}`.trim(), field, message };
}

/** The objects as they are written, to say at which line a field is. */
class Objects {
  readonly all: readonly RawObject[];
  private readonly byPlace: ReadonlyMap<string, RawObject>;

  constructor(sources: readonly SourceText[]) {
    const reader = new DocumentReader();
    this.all = sources.flatMap(({ file, text }) => {
      const documents = reader.read(file, text);
      return "unreadable" in documents ? [] : documents.objects;
    });
    this.byPlace = new Map(this.all.map((object) => [keyOf(object.origin), object]));
  }

  find(origin: Origin): RawObject | undefined {
    return this.byPlace.get(keyOf(origin));
  }

  placed({ code, severity, origin, path, message }: Finding): Placed {
    const { file, kind, name } = origin;
    const line = this.find(origin)?.reject({ path, message }).origin.line ?? origin.line;
    return { code, severity, file, line, object: `${kind} ${name}`, field: formatPath(path), message };
  }
}

function keyOf({ file, line, kind, name }: Origin): string {
  return [file, line, kind, name].join("\n");
}

function byPlace(a: Placed, b: Placed): number {
  const key = ({ file, line, field, code, message }: Placed) =>
    [file, String(line).padStart(9), field, code, message].join("\n");
  return key(a) < key(b) ? -1 : 1;
}

const STYLES = { error: "red", warning: "yellow", info: "dim" } as const;

function text(findings: readonly Placed[], terminal: Pick<Terminal, "style">): string {
  const lines = findings.map(({ code, severity, file, line, object, field, message }) => {
    const said = [object, field, message].filter((part) => part !== "").join(": ");
    return `${file}:${line}: ${terminal.style(STYLES[severity], severity)} ${terminal.style("bold", code)}: ${said}`;
  });
  const count = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length;
  const summary = `${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}, ${count("info")} for information`;
  return [...lines, summary].join("\n");
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
