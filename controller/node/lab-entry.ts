/** Runs this very program again inside private namespaces, which vanish with it. */
import { spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { constants } from "node:os";
import { boundCommand } from "./child.ts";
import { type LabKind, unshareCommand } from "./lab-support.ts";
import { passSignals } from "./pass-signals.ts";

/** `KIND OUTER`: the kind of the lab and the network namespace that was left. */
export const LAB_VARIABLE = "SALLYPORT_LAB";

/** The kind of lab that this process runs in; undefined outside of one, whatever the environment claims. */
export function currentLab(): LabKind | undefined {
  const [kind, outer] = (process.env[LAB_VARIABLE] ?? "").split(" ");
  if (outer === undefined || outer === networkNamespace()) return undefined;
  return kind === "root" || kind === "userns" ? kind : undefined;
}

/**
 * Starts the program again with the same arguments inside a lab and answers its exit code. Only there is `currentLab`
 * defined. The inner program dies with this one. There is no way out of a lab to the internet: download before.
 */
export function enterLab(kind: LabKind): Promise<number> {
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  // setpriv comes after unshare: changing credentials clears the death signal.
  const [command, ...rest] = [...unshareCommand(kind), ...boundCommand(program)];
  const env = { ...process.env, [LAB_VARIABLE]: `${kind} ${networkNamespace()}` };
  const child = spawn(command as string, rest, { stdio: "inherit", env });
  const release = passSignals(child);
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  }).finally(release);
}

/** The environment for children of the lab, which must not take themselves for its supervisor. */
export function withoutLab(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [LAB_VARIABLE]: _, ...rest } = env;
  return rest;
}

function networkNamespace(): string {
  return readlinkSync("/proc/self/ns/net");
}
