/** Istio's own programs, unchanged, built from the Go modules that `tools/go.sum` pins, and files of the same version. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "../../controller/node/envoy.ts";
import { moduleFolder } from "../kube/go.ts";
import { ensureProgram, type Progress } from "../kube/go-build.ts";

const MODULE = join(projectFolder(), "test/istio/tools/");
const ISTIO = "istio.io/istio";
/** What they say their version is. */
const VERSION = "1.31.0";

const PACKAGES = {
  istiod: "pilot/cmd/pilot-discovery",
  agent: "pilot/cmd/pilot-agent",
  istioctl: "istioctl/cmd/istioctl",
} as const;

export type IstioTool = keyof typeof PACKAGES;

/** Path of the program. The first one takes four to five minutes to build, the others less than one each. */
export function ensureTool(tool: IstioTool, progress: Progress): Promise<string> {
  const program = {
    name: tool,
    purpose: `building Istio's ${PACKAGES[tool].split("/").at(-1)} from Go modules`,
    module: MODULE,
    package: `${ISTIO}/${PACKAGES[tool]}`,
    settings: [`-X ${ISTIO}/pkg/version.buildVersion=${VERSION}`],
  };
  return ensureProgram("istio-tools", program, progress);
}
/** Istio's own source, for files that its installation consists of. */
export async function istioFolder(): Promise<string> {
  const sums = await readFile(join(MODULE, "go.sum"), "utf8");
  const pinned = new RegExp(`^${ISTIO} (v\\S+) (h1:\\S+)$`, "m").exec(sums);
  const [, version, sum] = pinned ?? [];
  if (version === undefined || sum === undefined) throw new Error(`tools/go.sum doesn't pin ${ISTIO}`);
  return moduleFolder(`${ISTIO}@${version}`, sum);
}
