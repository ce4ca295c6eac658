/** Istio's own programs and an API server, built once; or why there are none. */
import type { MeshTools } from "../../test/istio/mesh-plane.ts";
import { ensureTool, istioFolder } from "../../test/istio/tools.ts";
import { goComplaint } from "../../test/kube/go.ts";
import { ensurePlane } from "../../test/kube/plane.ts";

/** As `test/istio/tools/go.mod` says. */
const GO_MINOR = 26;

export async function meshTools(
  envoy: string,
  say: (message: string) => void,
): Promise<MeshTools | { readonly reason: string }> {
  const complaint = await goComplaint(GO_MINOR);
  if (complaint !== undefined) return { reason: complaint };
  return {
    plane: await ensurePlane(say),
    istiod: await ensureTool("istiod", say),
    agent: await ensureTool("agent", say),
    envoy,
    istio: await istioFolder(),
  };
}
