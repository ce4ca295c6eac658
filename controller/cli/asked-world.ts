import { Option } from "commander";
import { type Compilation, compile } from "../compile/compile.ts";
import { strays } from "../compile/strays.ts";
import type { Isolation, World } from "../model/resources.ts";
import { asAsked, asEnforced } from "../offline/as-asked.ts";
import { didYouMean } from "../read/closest.ts";
import { readWorld } from "../read/files.ts";
import { formatRejection } from "../read/issue.ts";
import { fail, type Run } from "./command.ts";

export const FILES = ["-f, --file <path...>", "files or directories of YAML or JSON; - is standard input"] as const;

export const ISOLATIONS: Readonly<Record<string, Isolation>> = {
  kubernetes: "Kubernetes",
  "default-deny": "DefaultDeny",
};

export function isolationOption(): Option {
  return new Option(
    "--isolation <mode>",
    "what holds where no policy selects a member, instead of what the overlay says",
  ).choices(Object.keys(ISOLATIONS));
}

export function overlayOption(): Option {
  return new Option("--overlay <name>", "which overlay, if there are several");
}

export function enforceAuditedOption(about = "answer as if what is audited were enforced"): Option {
  return new Option("--enforce-audited", about);
}

export interface AskedFor {
  readonly isolation?: string | undefined;
  readonly enforceAudited?: boolean | undefined;
  readonly overlay?: string;
}

/** A world as a question is put to it, and all its overlays compiled. */
export interface AskedWorld {
  readonly world: World;
  readonly compilations: readonly Compilation[];
  /** Everything that was left out. */
  readonly rejections: readonly string[];
}

/** Reads and compiles, and says what had to be left out; undefined: it was said why nothing can be answered. */
export async function askedWorld(
  run: Run,
  files: readonly string[],
  { isolation, enforceAudited = false }: AskedFor,
): Promise<AskedWorld | undefined> {
  const { world: read, rejections: unread, unreadable } = await readWorld(...files);
  const places = files.join(", ");
  if (unreadable.length > 0) return failed(run, unreadable.map(formatRejection).join("\n"));
  const broken = unread.filter(({ origin }) => origin.kind === "Overlay");
  // An implied overlay in place of one that can't be read might allow more than its author did.
  if (read.overlays.length === 0 && broken.length > 0)
    return failed(run, [...broken.map(formatRejection), `${places} has no Overlay that can be read`].join("\n"));
  if (unread.length === 0 && isNothing(read)) return failed(run, nothingIn(files));
  const asked = asAsked(read, ISOLATIONS[isolation ?? ""]);
  const world = enforceAudited ? asEnforced(asked) : asked;
  const compilations = world.overlays.map(({ name }) => compile(world, name, { allowLoopback: true }));
  const uncompiled = compilations.flatMap(({ rejections }) => rejections);
  const rejections = [...unread, ...strays(world), ...uncompiled.filter(({ origin }) => origin.file !== "")].map(
    formatRejection,
  );
  for (const rejection of rejections)
    run.terminal.error(`${run.terminal.styleError("yellow", "rejected:")} ${rejection}`);
  if (rejections.length > 0) run.terminal.error("The answer is for what is left.");
  return { world, compilations, rejections };
}

/** `kubectl get` prints an empty List too where it may not list: what follows from that is no answer. */
export function isNothing(world: World): boolean {
  return Object.values(world).every((objects: readonly unknown[]) => objects.length === 0);
}

export function nothingIn(files: readonly string[]): string {
  const advice = "of a cluster take kubectl get ns,pods,svc,netpol -A -o yaml";
  return `${files.join(", ")} holds no Pod, OverlayEndpoint, policy or other kind that is read here; ${advice}`;
}

/** The overlay that is asked about; undefined: it was said why there is none. */
export function askedOverlay(run: Run, { compilations }: AskedWorld, { overlay }: AskedFor): Compilation | undefined {
  const names = compilations.map(({ policy }) => policy.overlay.name);
  if (overlay === undefined && compilations.length === 1) return compilations[0];
  if (overlay === undefined) return failed(run, `there are several overlays: say --overlay ${names.join(" or ")}`);
  const found = compilations.find(({ policy }) => policy.overlay.name === overlay);
  return found ?? failed(run, `there is no overlay ${overlay}${didYouMean(overlay, names)}`);
}

function failed(run: Run, message: string): undefined {
  run.exitCode = fail(run, message);
}
