import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { USUAL_MESH } from "../emit/istio/mesh.ts";
import { CODE_PORT, CONTROL_PORT, HEALTH_PORT } from "../model/ports.ts";
import type { Settings } from "../operator/settings.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { codeFolder } from "./installation.ts";
import { stopSignal } from "./lab.ts";
import { meshComplaint } from "./mesh-names.ts";

interface Options {
  readonly namespace: string;
  readonly podName?: string;
  readonly podIp?: string;
  readonly certificates?: string;
  readonly cluster: string;
  readonly trustDomain: string;
  readonly istioNamespace: string;
  readonly dnsNamespace: string;
  readonly kubeconfig?: string;
}

const HELP = `
Reads the cluster, and while it leads issues and serves the nodes' images, applies what brings overlays into Istio's
sidecars, and says in conditions and Events what became of objects. Replicas elect a leader by the Lease "sallyport".
Ports: 15044 images (mutual TLS), 15045 the filters' code, 15046 /healthz, /readyz and /metrics.
Exit codes: 0 stopped by a signal, 2 it couldn't start. docs/controller.md has conditions, Events and metrics.

Examples:
  sallyport controller                                  in a pod of the chart, which sets the environment
  sallyport controller --pod-name a --pod-ip 192.0.2.7 --certificates ./certs --kubeconfig ~/.kube/config`;

export function controllerCommand(run: Run): Command {
  return new Command("controller")
    .description("Run one replica of the controller in Kubernetes.")
    .addOption(
      option("--namespace <name>", "where the controller is", "POD_NAMESPACE").default(USUAL_MESH.controlNamespace),
    )
    .addOption(option("--pod-name <name>", "of this replica", "POD_NAME"))
    .addOption(option("--pod-ip <address>", "where nodes reach this replica", "POD_IP"))
    .addOption(
      option(
        "--certificates <directory>",
        "cert-chain.pem, key.pem and root-cert.pem, followed",
        "SALLYPORT_CERTIFICATES",
      ),
    )
    .addOption(
      option("--cluster <name>", "the cluster's name, Istio's CLUSTER_ID", "SALLYPORT_CLUSTER").default(
        USUAL_MESH.cluster,
      ),
    )
    .addOption(
      option("--trust-domain <domain>", "the mesh's trust domain", "SALLYPORT_TRUST_DOMAIN").default(
        USUAL_MESH.trustDomain,
      ),
    )
    .addOption(
      option("--istio-namespace <name>", "where istiod is", "SALLYPORT_ISTIO_NAMESPACE").default(
        USUAL_MESH.istioNamespace,
      ),
    )
    .addOption(
      option("--dns-namespace <name>", "where the cluster's DNS is", "SALLYPORT_DNS_NAMESPACE").default(
        USUAL_MESH.dnsNamespace,
      ),
    )
    .addOption(
      option(
        "--kubeconfig <file>",
        "the cluster; else $KUBECONFIG, or the one that this runs in",
        "SALLYPORT_KUBECONFIG",
      ),
    )
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      run.exitCode = await controller(run, options);
    });
}

function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(variable);
}

async function controller(run: Run, options: Options): Promise<ExitCode> {
  const settings = settingsOf(options);
  if ("complaint" in settings) return fail(run, settings.complaint);
  const asked = stopSignal();
  // Not loaded for the other commands: it takes longer than most of them.
  const { runOperator } = await import("../operator/run.ts");
  const problem = await runOperator(settings, options.kubeconfig, (line) => run.terminal.out(line), asked);
  return problem === undefined ? ExitCode.Ok : fail(run, problem);
}

function settingsOf(options: Options): Settings | { complaint: string } {
  const { podName, podIp, certificates, cluster, trustDomain, istioNamespace, dnsNamespace } = options;
  const mesh = { cluster, trustDomain, controlNamespace: options.namespace, istioNamespace, dnsNamespace };
  if (podName === undefined) return missing("--pod-name", "POD_NAME");
  if (podIp === undefined) return missing("--pod-ip", "POD_IP");
  if (isIP(podIp) === 0) return { complaint: `--pod-ip ${podIp} is not an IP address` };
  if (certificates === undefined) return missing("--certificates", "SALLYPORT_CERTIFICATES");
  const complaint = meshComplaint(mesh, "namespace");
  if (complaint !== undefined) return { complaint };
  const file = join(codeFolder, "endpoint.wasm");
  if (!existsSync(file)) return { complaint: `${file} is missing: run npm run build:wasm` };
  return {
    mesh,
    podName,
    podIp,
    certificates: resolve(certificates),
    code: readFileSync(file),
    listen: { images: CONTROL_PORT, code: CODE_PORT, health: HEALTH_PORT },
    allowLoopback: false,
  };
}

function missing(flag: string, variable: string): { complaint: string } {
  return { complaint: `${flag} is required, or ${variable} in the environment` };
}
