import { beforeAll, describe, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { labSupport, lastJson, runProgram } from "../node/lab-program.ts";
import { ensureMeshTools, ensureOlderEnvoy } from "./mesh-tools.ts";
import { OUTCOMES } from "./outcomes.ts";
import { describeWithIstio } from "./with-istio.ts";

const runs = [
  { name: "of the newest Envoys with two workers", older: false, concurrency: 2 },
  { name: "of Envoys 1.39 with one worker", older: true, concurrency: 1 },
];

describeWithIstio(
  "in a mesh",
  () => {
    describe.each(runs)("$name", ({ older, concurrency }) => {
      let outcomes: Readonly<Record<string, unknown>> = {};
      beforeAll(async () => {
        const program = new URL("overlay-program.ts", import.meta.url).pathname;
        const tools = await ensureMeshTools();
        const chosen = older ? { ...tools, envoy: await ensureOlderEnvoy() } : tools;
        const args = [JSON.stringify(chosen), JSON.stringify({ concurrency })];
        outcomes = lastJson(await withFolder((folder) => runProgram(program, [folder, ...args]))) as typeof outcomes;
      }, BUILD_MS);

      test.each(Object.keys(OUTCOMES))("%s", (claim) => {
        expect(outcomes[claim]).toEqual(OUTCOMES[claim]);
      });

      test("nothing was tried that isn't expected", () => {
        expect(Object.keys(outcomes)).toEqual(Object.keys(OUTCOMES));
      });
    });
  },
  labSupport.kind === "root" ? undefined : "sidecars run as another user than their apps, which needs root",
);
