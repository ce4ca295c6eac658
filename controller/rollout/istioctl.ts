/** What `istioctl validate` and `analyze` say, as far as it must stop a rollout. Pure. */

/** Said of every EnvoyFilter, whatever is in it. */
const GENERIC = /: EnvoyFilter exposes internal implementation details that may change at any time\./;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Complaints; none: the objects are good. A program that fails without a word is one. */
export function complaintsOf(validated: Ended, analyzed: Ended): string[] {
  const said = [...lines(validated, /^\s*\* (.+)$/), ...lines(analyzed, /^((?:Error|Warning|Info) .+)$/)].filter(
    (line) => !GENERIC.test(line),
  );
  if (said.length > 0) return said;
  return [...failure("validate", validated), ...failure("analyze", analyzed)];
}

function lines({ stdout, stderr }: Ended, pattern: RegExp): string[] {
  return `${stdout}\n${stderr}`.split("\n").flatMap((line) => pattern.exec(line)?.[1] ?? []);
}

function failure(command: string, { code, stdout, stderr }: Ended): string[] {
  if (code === 0) return [];
  const text = (stderr.trim() || stdout.trim() || "it said nothing").slice(0, 500);
  return [`istioctl ${command} ended with ${code ?? "a signal"}: ${text}`];
}
