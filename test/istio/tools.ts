/** Istio's own programs, unchanged, built from the Go modules that `tools/go.sum` pins. */
import { ensureProgram, type Progress } from "../kube/go-build.ts";

const MODULE = new URL("tools/", import.meta.url).pathname;
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
