import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import type { Json } from "../../controller/check/json.ts";
import { meshOf } from "../../controller/cli/mesh-options.ts";
import { USUAL_MESH } from "../../controller/emit/istio/mesh.ts";
import { cleanCluster } from "../check/clean-cluster.ts";
import { type Fault, planted } from "../check/fault.ts";
import { FAULTS } from "../check/faults.ts";
import { withFolder } from "../folder.ts";
import { istioFolder } from "../istio/tools.ts";
import { sallyport } from "../sallyport.ts";
import { CRD_FOLDER, installCrds } from "./crds.ts";
import { Planter } from "./planter.ts";
import { describeWithApiServer } from "./with-api-server.ts";

interface Line {
  readonly check: string;
  readonly severity: string;
  readonly object: string;
  readonly message: string;
  readonly advice: string;
}

/** Now, and long enough that no Lease runs out while tests do. */
const NOW = new Date(Date.now() + 3_600_000);

describeWithApiServer("check, of a real API server,", (server) => {
  const planter = new Planter(server);
  let clean: readonly Json[] = [];

  beforeAll(async () => {
    await installCrds(server(), CRD_FOLDER);
    await installCrds(server(), join(await istioFolder(), "manifests/charts/base/files/crd-all.gen.yaml"));
    const mesh = meshOf(USUAL_MESH);
    if ("complaint" in mesh) throw new Error(mesh.complaint);
    clean = cleanCluster(NOW, mesh);
    await planter.become(clean);
  }, 60_000);

  async function found(...args: string[]): Promise<{ code: number; lines: Line[] }> {
    const { code, out, error } = await sallyport("check", "--kubeconfig", server().kubeconfig, "-o", "json", ...args);
    expect(error).toBe("");
    return { code, lines: (JSON.parse(out).results as Line[]).filter(({ severity }) => severity !== "ok") };
  }

  test("finds nothing where everything is right", async () => {
    await planter.become(clean);
    expect(await found()).toEqual({ code: 0, lines: [] });
    expect(await found("--namespace", "shop")).toEqual({ code: 0, lines: [] });
  });

  test.each(FAULTS)("finds $name", async (fault: Fault) => {
    await planter.become(planted(clean, fault));
    const { code, lines } = await found();
    expect(lines.map(({ check, severity }) => [check, severity])).toEqual(
      fault.finds.map(([check, severity]) => [check, severity]),
    );
    fault.finds.forEach(([, , says], i) => {
      expect(lines[i]?.message).toMatch(says);
      expect(lines[i]?.advice).not.toBe("");
    });
    expect(code).toBe(fault.finds.some(([, severity]) => severity === "error") ? 2 : 3);
  });

  test("says who changed an emitted object", async () => {
    await planter.become(clean);
    const args = ["-n", "shop", "patch", "wasmplugin", "sallyport-guard", "--type=merge", "--field-manager=somebody"];
    await server().kubectl(...args, "-p", '{"spec":{"failStrategy":"FAIL_OPEN"}}');
    const { lines } = await found();
    await planter.again("WasmPlugin", "sallyport-guard");
    expect(lines).toMatchObject([{ check: "emitted", message: expect.stringMatching(/was changed by somebody/) }]);
  });

  test("names each right that is missing, and crashes over none", async () => {
    await planter.become(clean);
    await server().kubectl("-n", "shop", "create", "serviceaccount", "nobody");
    const token = (await server().kubectl("-n", "shop", "create", "token", "nobody")).trim();
    await withFolder(async (folder) => {
      const kubeconfig = join(folder, "kubeconfig");
      const cluster = {
        server: `https://127.0.0.1:${server().port}`,
        "certificate-authority": join(server().kubeconfig, "..", "ca.crt"),
      };
      const config = {
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user: { token } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      };
      await writeFile(kubeconfig, JSON.stringify(config));
      const { code, out } = await sallyport("check", "--kubeconfig", kubeconfig, "-o", "json");
      const messages = new Set((JSON.parse(out).results as Line[]).map(({ message }) => message));
      expect(messages).toContain("can't be told: you may not list pods");
      expect(messages).toContain("can't be told: you may not list overlays.sallyport.dev");
      expect(messages).toContain("can't be told: you may not list deployments.apps in namespace istio-system");
      expect([2, 3]).toContain(code);
    });
  });

  test("says that it can't ask a server that isn't there", async () => {
    const { code, error } = await sallyport("check", "--kubeconfig", "/nowhere/kubeconfig");
    expect(code).toBe(2);
    expect(error).toMatch(/the cluster can't be asked/);
  });

  test("finds Istio's and our CRDs missing", async () => {
    await planter.become(clean);
    await server().kubectl("delete", "crd", "sidecars.networking.istio.io", "flowpolicies.sallyport.dev");
    const { lines } = await found();
    expect(lines).toMatchObject([
      { check: "crds", object: "CustomResourceDefinition flowpolicies.sallyport.dev", message: "is not installed" },
      { check: "istio-crds", message: "the API server doesn't know Istio's kind Sidecar" },
    ]);
  });
});
