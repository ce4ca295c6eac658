import { beforeAll, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { labSupport, lastJson, runProgram } from "../node/lab-program.ts";
import { ensureMeshTools } from "./mesh-tools.ts";
import { ensureTool } from "./tools.ts";
import { describeWithIstio, say } from "./with-istio.ts";

const OUT = { label: "", memory: "", enforcement: "Enforce", objects: 0 };
const IN = { ...OUT, label: "shop", objects: 4 };
const BEGIN = ["check", "validate"];
const AUDITED = [...BEGIN, "audit", "label", "restart", "programmed"];

const WANTED: Readonly<Record<string, unknown>> = {
  "before, the client reaches the server": 200,
  "a rollout whose flows policy would deny goes back": {
    ...{ ...OUT, code: 3, steps: [...AUDITED, "objects", "back"] },
    failure: expect.stringMatching(/would be \(N%\): more than N%/),
  },
  "a rollout whose configuration a proxy refuses goes back": {
    ...{ ...OUT, code: 3, steps: [...BEGIN, "label", "restart", "objects", "back"] },
    failure: expect.stringMatching(/^a sidecar refused its configuration/),
  },
  "afterwards, pods that started again, the client reaches the server past the overlay": [200, 0],
  "a rollout that audits, promotes": {
    ...{ ...IN, code: 0, steps: [...AUDITED, "observe", "promote", "done"], failure: "" },
  },
  "then the client reaches the server through the SaP": [200, 1],
  "a rollout that was done says so again": {
    ...{ ...IN, code: 0, steps: [...BEGIN, "label", "restart", "programmed", "observe", "done"] },
  },
  "leaving leaves nothing behind": { ...OUT, code: 0, steps: ["label", "objects", "restart", "done"], reached: 200 },
};

describeWithIstio(
  "sallyport rollout, of a namespace in a mesh,",
  () => {
    let outcomes: Readonly<Record<string, unknown>> = {};
    beforeAll(async () => {
      const program = new URL("rollout-program.ts", import.meta.url).pathname;
      const tools = JSON.stringify(await ensureMeshTools());
      const istioctl = await ensureTool("istioctl", say);
      outcomes = lastJson(
        await withFolder((folder) => runProgram(program, [folder, tools, istioctl])),
      ) as typeof outcomes;
    }, BUILD_MS);

    test.each(Object.keys(WANTED))("%s", (claim) => {
      expect(outcomes[claim]).toEqual(WANTED[claim]);
    });
  },
  labSupport.kind === "root" ? undefined : "sidecars run as another user than their apps, which needs root",
);
