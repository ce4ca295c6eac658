/** Helm itself, built from the Go modules that `helm/go.sum` pins. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "../../controller/node/envoy.ts";
import { ensureProgram, type Progress } from "../kube/go-build.ts";

export const CHART = join(projectFolder(), "manifests", "chart");
/** That it is installed in unless somebody says otherwise. */
export const NAMESPACE = "sallyport-system";

const MODULE = new URL("helm/", import.meta.url).pathname;
const HELM = "helm.sh/helm/v3";

/** Path of the program. The first time it is built, which takes one to four minutes. */
export async function ensureHelm(progress: Progress): Promise<string> {
  const helm = await pinned(HELM);
  const [major, minor] = (await pinned("k8s.io/client-go")).replace("v0", "1").split(".");
  // What a chart's kubeVersion is compared with when no cluster is asked.
  const kubernetes = ["chartutil", "lint/rules"].flatMap((path) => [
    `-X ${HELM}/pkg/${path}.k8sVersionMajor=${major}`,
    `-X ${HELM}/pkg/${path}.k8sVersionMinor=${minor}`,
  ]);
  const program = {
    name: "helm",
    purpose: "building Helm from Go modules",
    module: MODULE,
    package: `${HELM}/cmd/helm`,
    settings: [`-X ${HELM}/internal/version.version=${helm}`, ...kubernetes],
  };
  return ensureProgram("helm", program, progress);
}

async function pinned(module: string): Promise<string> {
  const version = new RegExp(`^\\s*${module} (v\\S+)`, "m").exec(await readFile(join(MODULE, "go.mod"), "utf8"))?.[1];
  if (version === undefined) throw new Error(`helm/go.mod names no version of ${module}`);
  return version;
}
