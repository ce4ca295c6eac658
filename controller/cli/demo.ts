import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { Presenter } from "../demo/presenter.ts";
import type { Stage } from "../demo/stage.ts";
import { ExitCode, type Run } from "./command.ts";
import { codeFolder, shopFolder } from "./installation.ts";
import { inLab, stopSignal } from "./lab.ts";

const HELP = `
Runs a small shop (web, api, db, an intruder) behind two gateways, one with two replicas, on real Envoys; shows who
reaches whom, a policy edit, a key rotation, an emergency re-key, a killed SaP and an intruder's attempts.
Exit codes: 0 everything observed was as expected, 2 error, or something wasn't.

Examples:
  sallyport demo
  sallyport demo --keep`;

export function demoCommand(run: Run): Command {
  return new Command("demo")
    .description("Show on this machine what the overlay does. Takes about a minute and leaves nothing behind.")
    .option("--keep", "leave the shop running afterwards, until Ctrl-C")
    .option("--no-namespaces", "run on loopback addresses of this machine; apps are then neither captured nor guarded")
    .addHelpText("after", HELP)
    .action(async ({ keep, namespaces }: { readonly keep?: boolean; readonly namespaces: boolean }) => {
      run.exitCode = await inLab(run, namespaces, (envoy) => demo(envoy, keep === true));
    });
}

async function demo(envoy: string, keep: boolean): Promise<ExitCode> {
  const asked = stopSignal();
  // Not loaded for the other commands: it takes longer than most of them.
  const { playActs, raiseShop } = await import("../demo/demo.ts");
  const show = new Presenter(process.stdout);
  const stateFolder = await mkdtemp(join(tmpdir(), "sallyport-"));
  let stage: Stage | undefined;
  try {
    stage = await raiseShop({ stateFolder, shopFolder, codeFolder, envoy }, show);
    const interrupted = asked.then((signal) => Promise.reject(new Error(`stopped by ${signal}`)));
    await Promise.race([playActs(stage, show), interrupted]);
    if (keep) {
      explainKeep(show, stateFolder, stage.session.machine.flat);
      await asked;
    }
    return verdict(show);
  } finally {
    await stage?.end();
    await rm(stateFolder, { recursive: true, force: true });
  }
}

function verdict(show: Presenter): ExitCode {
  show.heading(
    show.failures === 0
      ? "Everything observed was as expected."
      : `${show.failures} observations were NOT as expected.`,
  );
  return show.failures === 0 ? ExitCode.Ok : ExitCode.Error;
}

function explainKeep(show: Presenter, stateFolder: string, flat: boolean): void {
  show.heading("The shop keeps running until Ctrl-C. In another terminal, try:");
  for (const line of [
    ...(flat ? THROUGH_THE_PROXY : capturedTries(stateFolder)),
    `npx sallyport status --state ${stateFolder}`,
    `npx sallyport explain -f ${stateFolder}/resources --from shop/web --to data/db --port pg`,
    `edit ${stateFolder}/resources/policy-data.yaml and watch ${stateFolder}/nodes/edge-a-1/envoy.log`,
  ]) {
    show.note(line);
  }
}

function capturedTries(stateFolder: string): string[] {
  return [
    `npx sallyport exec --state ${stateFolder} web -- curl -s http://10.77.0.12:8080/`,
    `npx sallyport exec --state ${stateFolder} web -- curl -s --max-time 3 http://10.77.0.13:5432/     (denied)`,
  ];
}

/** Without capture an app names its destination itself, as the demo's do. */
const THROUGH_THE_PROXY = [
  `bash -c 'exec 3<>/dev/tcp/127.77.0.11/15041; printf "PROXY TCP4 127.77.0.11 127.77.0.12 1 8080\\r\\nGET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'`,
  `bash -c 'exec 3<>/dev/tcp/127.77.0.11/15041; printf "PROXY TCP4 127.77.0.11 127.77.0.13 1 5432\\r\\n" >&3; cat <&3'     (denied)`,
];
