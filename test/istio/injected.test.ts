import { beforeAll, expect, test } from "@jest/globals";
import { ensureHelm } from "../chart/helm.ts";
import { withFolder } from "../folder.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { labSupport, lastJson, runProgram } from "../node/lab-program.ts";
import type { MeshTools } from "./mesh-plane.ts";
import { ensureMeshTools } from "./mesh-tools.ts";
import { describeWithIstio, say } from "./with-istio.ts";

const kind = labSupport.kind;
const ENV = ["ISTIO_META_SALLYPORT_POD_UID"];

describeWithIstio(
  "Istio's injector",
  () => {
    let tools: MeshTools | undefined;
    let helm = "";
    beforeAll(async () => {
      tools = await ensureMeshTools();
      helm = await ensureHelm(say);
    }, BUILD_MS);

    test("adds what the chart tells it, takes it out again, and the mesh's programs understand it", async () => {
      const program = new URL("injected-program.ts", import.meta.url).pathname;
      const ran = await withFolder((folder) => runProgram(program, [kind, folder, JSON.stringify(tools), helm]));
      const containers = ["app"];
      expect(lastJson(ran)).toEqual({
        usual: {
          init: ["istio-init", "istio-proxy", "sallyport-init", "migrate"],
          containers,
          env: ENV,
          optional: true,
        },
        out: { init: ["istio-init", "istio-proxy", "migrate"], containers, env: ENV, optional: null },
        asked: {
          init: ["istio-init", "istio-proxy", "sallyport-init", "migrate"],
          containers,
          env: ENV,
          optional: false,
        },
        limit: "4000000000",
        limitBesideAnotherSetting: "4000000000",
        limitBesideAnotherValue: "4000000000",
        certificate: true,
        removed: { init: ["istio-init", "istio-proxy", "migrate"], containers, env: [], optional: null },
      });
      expect(ran.code).toBe(0);
    });
  },
  kind === "none" ? labSupport.reason : undefined,
);
