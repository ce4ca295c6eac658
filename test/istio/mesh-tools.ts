import { ensureEnvoy } from "../../controller/node/envoy.ts";
import { ensurePlane } from "../kube/plane.ts";
import type { MeshTools } from "./mesh-plane.ts";
import { ensureTool, istioFolder } from "./tools.ts";
import { say } from "./with-istio.ts";

/** Everything that a mesh is started from, built where it isn't yet. */
export async function ensureMeshTools(): Promise<MeshTools> {
  return {
    plane: await ensurePlane(say),
    istiod: await ensureTool("istiod", say),
    agent: await ensureTool("agent", say),
    envoy: (await ensureEnvoy(say)).path,
    istio: await istioFolder(),
  };
}
