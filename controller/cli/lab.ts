import { ensureEnvoy } from "../node/envoy.ts";
import { currentLab, enterLab } from "../node/lab-entry.ts";
import { detectLab } from "../node/lab-support.ts";
import { type ExitCode, fail, type Run } from "./command.ts";

/**
 * Runs `work` with the path of an Envoy inside private namespaces, starting this program again in them if need be.
 * A machine that allows none is said so.
 */
export async function inLab(run: Run, work: (envoy: string) => Promise<ExitCode>): Promise<ExitCode> {
  const say = (text: string) => run.terminal.error(text);
  const { path: envoy } = await ensureEnvoy(say);
  if (currentLab() !== undefined) return work(envoy);
  const support = await detectLab();
  if (support.kind === "none") return fail(run, `this machine allows no network namespaces: ${support.reason}`);
  return (await enterLab(support.kind)) as ExitCode;
}

/** Resolves when the process is asked to stop. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve(signal));
  });
}
