import { Command } from "commander";
import type { JsonObject } from "../emit/envoy.ts";
import { gatewayResources } from "../emit/istio/gateway.ts";
import type { Mesh } from "../emit/istio/mesh.ts";
import { namespaceResources } from "../emit/istio/namespace.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import { didYouMean } from "../read/closest.ts";
import { type AskedWorld, askedWorld, FILES } from "./asked-world.ts";
import { ExitCode, fail, type Run } from "./command.ts";
import { type MeshOptions, meshOf, withMeshOptions } from "./mesh-options.ts";
import { yamlOf } from "./yaml-text.ts";

interface Options extends MeshOptions {
  readonly file: readonly string[];
  readonly namespace?: string;
}

const HELP = `
Reads Overlays, OverlayGateways and Namespaces; pods and policies are not needed, since no policy is in what is printed.
A namespace is opted in by the label ${OVERLAY_LABEL} with an Overlay's name. For each, in the order to apply them:
  ConfigMap      nftables rules that its pods load before their sidecars start
  EnvoyFilter    listeners, clusters and filters of its sidecars
  NetworkPolicy  pins its pods to gateways, DNS and the control planes, where a CNI enforces it
  WasmPlugin     refuses, in front of its apps, what did not come out of the tunnel
For each gateway whose replicas are pods, before all that:
  ConfigMap      what its Envoys run with, in the namespace of its Service
No secret is in any of them. Equal input gives equal output, whatever the order of files and objects.

Exit codes: 0 done; 2 error: nothing is printed. So it is if a part of the input can't be taken as written.

Examples:
  sallyport render -f manifests/samples/mesh --namespace shop > shop.yaml
  istioctl validate -f shop.yaml && kubectl apply --server-side -f shop.yaml
  kubectl get ns,overlays,overlaygateways -o yaml | sallyport render -f - --trust-domain example.org`;

export function renderCommand(run: Run): Command {
  const command = new Command("render")
    .description("Print what brings an overlay into Istio's sidecars, for review, GitOps or kubectl apply.")
    .requiredOption(...FILES)
    .option("--namespace <name>", "only of this namespace; else of all that are opted in");
  return withMeshOptions(command)
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      run.exitCode = await render(run, options);
    });
}

async function render(run: Run, options: Options): Promise<ExitCode> {
  const mesh = meshOf(options);
  if ("complaint" in mesh) return fail(run, mesh.complaint);
  const asked = await askedWorld(run, options.file, {});
  // Half of a gateway's replicas, or of the namespaces, would be applied as if that were meant.
  if (asked === undefined || asked.rejections.length > 0) return ExitCode.Error;
  const gateways = gatewaysOf(asked, options.namespace, mesh);
  const chosen = optedIn(asked, options.namespace);
  // Gateways may well have a namespace for themselves.
  const isTheirs = options.namespace !== undefined && gateways.length > 0;
  if ("complaint" in chosen && !isTheirs) return fail(run, chosen.complaint);
  const opted = "complaint" in chosen ? [] : chosen.namespaces;
  const namespaces = opted.flatMap(({ name, policy }) => namespaceResources(policy, name, mesh));
  run.terminal.out(yamlOf([...gateways, ...namespaces]));
  return ExitCode.Ok;
}

/** What gateways run with whose replicas are pods, by namespace and name. */
function gatewaysOf({ compilations }: AskedWorld, asked: string | undefined, mesh: Mesh): JsonObject[] {
  const groups = compilations.flatMap(({ policy }) => policy.gateways.map((group) => ({ policy, group })));
  const place = ({ group: { gateway } }: (typeof groups)[number]) => `${gateway.service?.namespace}/${gateway.name}`;
  return groups
    .filter(({ group }) => asked === undefined || group.gateway.service?.namespace === asked)
    .sort((a, b) => (place(a) < place(b) ? -1 : 1))
    .flatMap(({ policy, group }) => gatewayResources(policy, group, mesh));
}

interface OptedIn {
  readonly name: string;
  readonly policy: AskedWorld["compilations"][number]["policy"];
}

/** Namespaces with the label, by name; or why they can't be said. */
function optedIn(
  { world, compilations }: AskedWorld,
  asked: string | undefined,
): { namespaces: OptedIn[] } | { complaint: string } {
  const names = world.namespaces.map(({ name }) => name);
  if (asked !== undefined && !names.includes(asked))
    return { complaint: `there is no Namespace ${asked}${didYouMean(asked, names)}` };
  const labelled = world.namespaces
    .filter(({ name, labels }) => (asked === undefined ? labels[OVERLAY_LABEL] !== undefined : name === asked))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const namespaces: OptedIn[] = [];
  for (const { name, labels } of labelled) {
    const overlay = labels[OVERLAY_LABEL];
    if (overlay === undefined)
      return { complaint: `Namespace ${name} isn't opted in: label it ${OVERLAY_LABEL} with the name of an Overlay` };
    const policy = compilations.find(({ policy }) => policy.overlay.name === overlay)?.policy;
    if (policy === undefined)
      return { complaint: `Namespace ${name} is labelled for overlay ${overlay}, which isn't there` };
    namespaces.push({ name, policy });
  }
  return namespaces.length > 0
    ? { namespaces }
    : { complaint: `no Namespace has the label ${OVERLAY_LABEL}: it opts a namespace in` };
}
