import { ensureEnvoy } from "../node/envoy.ts";
import { currentLab, enterLab } from "../node/lab-entry.ts";
import { detectLab, type LabSupport } from "../node/lab-support.ts";
import { NOT_ENFORCED } from "../standalone/flat-machine.ts";
import type { ExitCode, Run } from "./command.ts";

/**
 * Runs `work` with the path of an Envoy inside private namespaces, starting this program again in them if need be.
 * A machine that allows none runs it without, and it is said what isn't enforced then.
 */
export async function inLab(
  run: Run,
  namespaces: boolean,
  work: (envoy: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const say = (text: string) => run.terminal.error(text);
  const { path: envoy } = await ensureEnvoy(say);
  if (currentLab() !== undefined) return work(envoy);
  const support: LabSupport = namespaces ? await detectLab() : { kind: "none", reason: "--no-namespaces" };
  if (support.kind === "none") {
    say(`running without network namespaces: ${support.reason}`);
    say(NOT_ENFORCED);
    return work(envoy);
  }
  return (await enterLab(support.kind)) as ExitCode;
}

/** Resolves when the process is asked to stop. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve(signal));
  });
}
