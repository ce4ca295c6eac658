/** Plain manifests for those who don't use Helm, out of the chart: the texts of `manifests/install`. */
import { parse } from "yaml";
import { runOrFail } from "../../controller/node/child.ts";
import { CHART, NAMESPACE } from "./helm.ts";

const HEAD = "# Made from manifests/chart by `npm run build:manifests`.\n";
/** Of what the chart makes for its default values; CustomResourceDefinitions are in `manifests/crd`. */
const CONTROLLER = ["namespace", "serviceaccount", "rbac", "service", "deployment", "pdb"];

/** By file name. */
export async function installFiles(helm: string): Promise<ReadonlyMap<string, string>> {
  const shown = (templates: readonly string[], ...values: readonly string[]) => {
    const only = templates.flatMap((name) => ["--show-only", `templates/${name}.yaml`]);
    const set = values.flatMap((value) => ["--set", value]);
    return runOrFail([helm, "template", "sallyport", CHART, "--namespace", NAMESPACE, ...only, ...set]);
  };
  const injection = parse(await shown(["injection"])).data as Record<string, string>;
  return new Map([
    ["controller.yaml", HEAD + withoutHelm(await shown(CONTROLLER, "namespace.create=true"))],
    ["gateway-edge.yaml", HEAD + withoutHelm(await shown(["gateway"], "gateways.edge.overlay=shop"))],
    ...Object.entries(injection).map(([name, text]) => [name, HEAD + text] as const),
  ]);
}

/** Helm takes an object for its own by these. */
function withoutHelm(text: string): string {
  return text
    .replace(/^# Source: .*\n/gm, "")
    .replace(/^ *helm\.sh\/chart: .*\n/gm, "")
    .replace(/^ *app\.kubernetes\.io\/managed-by: Helm\n/gm, "")
    .replace(/^---\n/, "");
}
