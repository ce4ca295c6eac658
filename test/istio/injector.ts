/** What Istio's injector is configured with once Sallyport's template is installed as docs/install.md says. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { runOrFail } from "../../controller/node/child.ts";
import { CHART, NAMESPACE } from "../chart/helm.ts";
import { istioFolder } from "./tools.ts";

export interface InjectorFiles {
  /** Templates, and which are the default. */
  readonly config: string;
  /** Values of istiod's chart that templates read. */
  readonly values: string;
  readonly mesh: string;
}

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes' objects, of which a few fields are looked at
export type Manifest = any;

/** Objects of istiod's own chart. `ours` are arguments for our chart, undefined: without it; `theirs` for istiod's. */
export async function istiodObjects(
  helm: string,
  folder: string,
  ours: readonly string[] | undefined,
  theirs: readonly string[],
): Promise<Manifest[]> {
  const template = (name: string, chart: string, namespace: string, args: readonly string[]) =>
    runOrFail([helm, "template", name, chart, "--namespace", namespace, ...args]);
  const values: string[] = [];
  if (ours !== undefined) {
    const shown = await template("sallyport", CHART, NAMESPACE, ["--show-only", "templates/injection.yaml", ...ours]);
    const file = join(folder, "istiod-values.yaml");
    await writeFile(file, parse(shown).data["istiod-values.yaml"]);
    values.push("--values", file);
  }
  const chart = join(await istioFolder(), "manifests/charts/istio-control/istio-discovery");
  const text = await template("istiod", chart, "istio-system", [...values, ...theirs]);
  return parseAllDocuments(text).flatMap((document) => document.toJS() ?? []);
}

/** Texts of its ConfigMaps. With a revision their names end in it. */
export function injectorFiles(objects: readonly Manifest[]): InjectorFiles {
  const data = (name: RegExp) =>
    objects.find(({ kind, metadata }) => kind === "ConfigMap" && name.test(metadata.name))?.data;
  const { config, values } = data(/^istio-sidecar-injector(-|$)/);
  return { config, values, mesh: data(/^istio(-[0-9a-z-]+)?$/).mesh };
}

/** Writes them into `folder`; the arguments by which `istioctl kube-inject` asks no cluster. */
export async function injectorArguments(files: InjectorFiles, folder: string): Promise<string[]> {
  const written = Object.entries({
    injectConfigFile: files.config,
    valuesFile: files.values,
    meshConfigFile: files.mesh,
  });
  const args: string[] = [];
  for (const [option, text] of written) {
    const path = join(folder, option);
    await writeFile(path, text);
    args.push(`--${option}`, path);
  }
  return args;
}
