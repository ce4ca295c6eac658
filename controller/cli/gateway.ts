import { resolve } from "node:path";
import { Command, Option } from "commander";
import { runGateway } from "../gateway/run.ts";
import { HEALTH_PORT } from "../model/ports.ts";
import { ensureEnvoy } from "../node/envoy.ts";
import { ExitCode, fail, type Run } from "./command.ts";

interface Options {
  readonly bootstrap: string;
  readonly certificates: string;
  readonly drain: string;
  readonly concurrency: string;
  readonly health: string;
}

const HELP = `
For the pods of an OverlayGateway's service. Waits for the certificate, runs Envoy ($ENVOY_BIN, else the one on PATH) and
answers on the health port: /healthz, /readyz (Envoy serves, it has an image, its certificate is valid), /metrics.
SIGTERM: new flows go to other replicas at once, established ones get the drain time, and it ends when none is left. A
second SIGTERM ends it now.
Exit codes: 0 ended by a signal, 2 it couldn't start, or Envoy ended by itself.

Examples:
  sallyport gateway                                     in a pod of the chart, which sets the environment
  sallyport gateway --bootstrap ./bootstrap.json --certificates ./certs --drain 60`;

export function gatewayCommand(run: Run): Command {
  return new Command("gateway")
    .description("Run one replica of a gateway in Kubernetes.")
    .addOption(
      option("--bootstrap <file>", "what the controller writes for Envoy", "SALLYPORT_BOOTSTRAP").default(
        "/etc/sallyport/bootstrap.json",
      ),
    )
    .addOption(
      option(
        "--certificates <directory>",
        "cert-chain.pem, key.pem and root-cert.pem, as the bootstrap names them",
        "SALLYPORT_CERTIFICATES",
      ).default("/var/run/sallyport/certs"),
    )
    .addOption(option("--drain <seconds>", "for established flows, after SIGTERM", "SALLYPORT_DRAIN").default("30"))
    .addOption(option("--concurrency <number>", "Envoy's worker threads", "SALLYPORT_CONCURRENCY").default("2"))
    .addOption(
      option("--health <address>", "port, or host:port, to say how it is", "SALLYPORT_HEALTH").default(
        String(HEALTH_PORT),
      ),
    )
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      run.exitCode = await gateway(run, options);
    });
}

function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(variable);
}

async function gateway(run: Run, options: Options): Promise<ExitCode> {
  const stops = stopSignals();
  const drain = wholeNumber(options.drain, 0, 86_400);
  const concurrency = wholeNumber(options.concurrency, 1, 128);
  const [, host, port] = /^(?:(.+):)?([0-9]{1,5})$/.exec(options.health) ?? [];
  if (drain === undefined) return fail(run, `--drain ${options.drain} is not a number of seconds, 0 to 86400`);
  if (concurrency === undefined) return fail(run, `--concurrency ${options.concurrency} is not a number from 1 to 128`);
  if (port === undefined) return fail(run, `--health ${options.health} is not a port or host:port`);
  const say = (line: string) => run.terminal.out(`${new Date().toISOString()} ${line}`);
  const { path: envoy } = await ensureEnvoy(say);
  const settings = {
    envoy,
    bootstrap: resolve(options.bootstrap),
    certificates: resolve(options.certificates),
    concurrency,
    drainMs: drain * 1000,
    health: { port: Number(port), ...(host !== undefined && { host: host.replace(/^\[|\]$/g, "") }) },
  };
  const problem = await runGateway(settings, stops, say);
  return problem === undefined ? ExitCode.Ok : fail(run, problem);
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  const value = Number(text);
  return /^[0-9]+$/.test(text) && value >= least && value <= most ? value : undefined;
}

/** A process that is the first of its container gets no signal that it doesn't ask for. */
function stopSignals() {
  const arrived: (() => void)[] = [];
  const [first, second] = [0, 1].map(() => new Promise<void>((resolve) => arrived.push(resolve)));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => arrived.shift()?.());
  return { first: first as Promise<void>, second: second as Promise<void> };
}
