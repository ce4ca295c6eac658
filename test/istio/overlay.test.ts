import { beforeAll, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { labSupport, lastJson, runProgram } from "../node/lab-program.ts";
import { ensureMeshTools } from "./mesh-tools.ts";
import { describeWithIstio } from "./with-istio.ts";

const WANTED: Readonly<Record<string, unknown>> = {
  "an app reaches the server by its Service's address": 200,
  "the server's proxy names the client": "spiffe://cluster.local/ns/shop/sa/client",
  "the flow passed the SaP and came out of the tunnel": ["220 server\n", 1, 1, 1, 1],
  "Istio's AuthorizationPolicy denies another service account": 403,
  "a pod reaches its own Service": 200,
  "who is no member is reached directly": "220 guest\n",
};

describeWithIstio(
  "an overlay in a mesh",
  () => {
    let outcomes: Readonly<Record<string, unknown>> = {};
    beforeAll(async () => {
      const program = new URL("overlay-program.ts", import.meta.url).pathname;
      const tools = JSON.stringify(await ensureMeshTools());
      const ran = await withFolder((folder) =>
        runProgram(program, [folder, tools, JSON.stringify({ concurrency: 1 })]),
      );
      outcomes = lastJson(ran) as typeof outcomes;
    }, BUILD_MS);

    test.each(Object.keys(WANTED))("%s", (claim) => {
      expect(outcomes[claim]).toEqual(WANTED[claim]);
    });
  },
  labSupport.kind === "root" ? undefined : "sidecars run as another user than their apps, which needs root",
);
