import { Command, CommanderError } from "commander";
import { checkCommand } from "./check.ts";
import { ExitCode, type Run } from "./command.ts";
import { controllerCommand } from "./controller.ts";
import { demoCommand } from "./demo.ts";
import { diffCommand } from "./diff.ts";
import { execCommand } from "./exec.ts";
import { explainCommand } from "./explain.ts";
import { gatewayCommand } from "./gateway.ts";
import { lintCommand } from "./lint.ts";
import { matrixCommand } from "./matrix.ts";
import { renderCommand } from "./render.ts";
import { rolloutCommand } from "./rollout.ts";
import { statusCommand } from "./status.ts";
import type { Terminal } from "./terminal.ts";
import { testCommand } from "./test.ts";
import { upCommand } from "./up.ts";
import { version } from "./version.ts";

const EXAMPLES = `
Examples:
  sallyport demo
  sallyport up -f manifests/samples/shop
  sallyport explain -f manifests/samples/shop --from shop/web --to shop/api --port 8080/tcp
  sallyport explain -f manifests/samples/shop --from guest/intruder --to data/db --port pg --output json
  sallyport matrix -f manifests/samples/shop
  sallyport diff before/ after/
  sallyport lint -f manifests/samples/shop
  sallyport test manifests/samples/tests/shop.yaml
  sallyport render -f manifests/samples/mesh
  sallyport check --namespace shop
  sallyport rollout shop --overlay shop --audit

Exit codes: 0 done or allowed; 3 denied, or something was found; 2 error. docs/cli.md has them for each command.`;

/** What a command looks like, for those who got it wrong. */
const USES: Readonly<Record<string, string>> = {
  sallyport: "sallyport matrix -f manifests/samples/shop",
  explain: "sallyport explain -f manifests/samples/shop --from shop/web --to shop/api --port http",
  matrix: "sallyport matrix -f manifests/samples/shop",
  diff: "sallyport diff before/ after/",
  lint: "sallyport lint -f manifests/samples/shop",
  test: "sallyport test manifests/samples/tests/shop.yaml",
  render: "sallyport render -f manifests/samples/mesh --namespace shop",
  gateway: "sallyport gateway --drain 60",
  controller: "sallyport controller --pod-name a --pod-ip 192.0.2.7 --certificates ./certs",
  check: "sallyport check --namespace shop",
  rollout: "sallyport rollout shop --overlay shop --audit",
  demo: "sallyport demo",
  up: "sallyport up -f manifests/samples/shop",
  status: "sallyport status",
  exec: "sallyport exec web -- curl http://10.77.0.12:8080/",
};

/** Runs the command that the arguments name and returns what the process shall end with. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const run: Run = { terminal, exitCode: ExitCode.Ok };
  try {
    await program(run).parseAsync(args, { from: "user" });
    return run.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Error;
    throw error;
  }
}

function program(run: Run): Command {
  const { terminal } = run;
  const root = new Command("sallyport")
    .description("Network policy for service meshes, enforced wherever the workloads run.")
    .version(version(), "-V, --version", "print the version")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText("after", EXAMPLES);
  const offline = [explainCommand(run), matrixCommand(run), diffCommand(run), lintCommand(run), testCommand(run)];
  const mesh = [
    renderCommand(run),
    checkCommand(run),
    rolloutCommand(run),
    controllerCommand(run),
    gatewayCommand(run),
  ];
  const running = [demoCommand(run), upCommand(run), statusCommand(run), execCommand(run)];
  for (const command of offline) command.helpGroup("Ask about policy, before anything is applied:");
  for (const command of mesh) command.helpGroup("Bring it into Istio:");
  for (const command of running) command.helpGroup("Run it on this machine:");
  const commands = [...offline, ...mesh, ...running];
  for (const command of commands) root.addCommand(command);
  for (const command of [root, ...commands]) {
    const name = command === root ? "sallyport" : `sallyport ${command.name()}`;
    const use = USES[command.name()];
    command.helpOption("-h, --help", "print help");
    command.exitOverride().showHelpAfterError(`For example: ${use}\n${name} --help says more`);
    command.configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error:/, terminal.styleError("red", "error:"))),
    });
  }
  return root;
}
