import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { runOrFail } from "../../controller/node/child.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { CRD_FOLDER, installCrds } from "../kube/crds.ts";
import { describeWithApiServer } from "../kube/with-api-server.ts";
import { CHART, ensureHelm, NAMESPACE } from "./helm.ts";

const INSTALL = join(projectFolder(), "manifests", "install");
const OVERLAY = "overlays.shop.id=7,overlays.shop.cidr={10.244.0.0/16},overlays.shop.path={edge}";
const GATEWAY = "gateways.edge.overlay=shop";
const TERM = "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]";
const EVERYTHING = [
  `${OVERLAY},${GATEWAY},gateways.far.overlay=shop,gateways.far.replicas=1,gateways.far.drainSeconds=0`,
  "namespace.create=true,imagePullSecrets[0].name=pull,mesh.revision=1-31,injection.namespaces={shop}",
  `image.digest=sha256:${"0".repeat(64)},controller.priorityClassName=system-cluster-critical`,
  "controller.nodeSelector.disk=ssd,controller.tolerations[0].operator=Exists,controller.podLabels.team=net",
  "controller.podAnnotations.note=a,gatewayDefaults.podAnnotations.note=b,gateways.edge.podLabels.zone=c",
  `controller.affinity.${TERM}.key=disk,controller.affinity.${TERM}.operator=Exists`,
];
/** Kinds of which an object could be left behind. */
const KINDS =
  "deployments,services,configmaps,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,pdb,sallyport";

describeWithApiServer("the chart, on a real API server,", (server) => {
  let helm = "";
  beforeAll(async () => {
    helm = await ensureHelm((line) => process.stderr.write(`${line}\n`));
    await installCrds(server(), CRD_FOLDER);
    await server().kubectl("create", "namespace", NAMESPACE);
    // Whoever breaks the strictest rules for pods is told so.
    const level = "pod-security.kubernetes.io/warn=restricted";
    await server().kubectl("label", "namespace", NAMESPACE, level);
  }, 60_000);

  const sets = (values: readonly string[]) => values.flatMap((value) => ["--set", value]);

  /** Objects that the server takes, and what it warns of. */
  async function dryRun(text: string) {
    const args = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
    const { code, stdout, stderr } = await server().tryKubectl(args, text);
    return { code, stderr, count: stdout.trim().split("\n").length };
  }

  const VALUES = [
    { name: "no values", values: [], count: 9 },
    { name: "a gateway", values: [OVERLAY, GATEWAY], count: 15 },
    { name: "one replica", values: ["controller.replicas=1", "injection.enabled=false"], count: 7 },
    { name: "every value", values: EVERYTHING, count: 20 },
  ];
  test.each(VALUES)("makes objects that it takes without a word, of $name", async ({ values, count }) => {
    const text = await runOrFail([helm, "template", "sallyport", CHART, "-n", NAMESPACE, ...sets(values)]);
    expect(await dryRun(text)).toEqual({ code: 0, stderr: "", count });
  });

  const plain = readdirSync(INSTALL).filter((name) => /^(controller|gateway)/.test(name));
  test.each(plain)("is there as plain manifests that it takes: %s", async (name) => {
    const { code, stderr } = await server().tryKubectl([
      ...["apply", "--server-side", "--dry-run=server", "-f"],
      join(INSTALL, name),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("would be told of a pod that isn't restricted", async () => {
    const text = await runOrFail([helm, "template", "sallyport", CHART, "-n", NAMESPACE]);
    const { stderr } = await dryRun(text.replaceAll("type: RuntimeDefault", "type: Unconfined"));
    expect(stderr).toMatch(/would violate PodSecurity "restricted:latest"/);
  });

  describe("by helm itself", () => {
    function run(...args: readonly string[]) {
      const where = ["--kubeconfig", server().kubeconfig, "--namespace", NAMESPACE];
      return runOrFail([helm, ...args, ...where]);
    }

    async function objects(): Promise<string[]> {
      const selector = ["--selector", "app.kubernetes.io/part-of=sallyport"];
      const said = await server().kubectl("get", KINDS, "--all-namespaces", "-o", "name", ...selector);
      return said
        .split("\n")
        .filter((line) => line !== "")
        .sort();
    }

    test("is installed, upgraded and removed without remains", async () => {
      await run("install", "sallyport", CHART, ...sets([OVERLAY, GATEWAY]));
      const installed = await objects();
      expect(installed).toContain("overlaygateway.sallyport.dev/edge");
      expect(installed).toHaveLength(15);

      // All values anew: with --reuse-values none could be taken away.
      await run("upgrade", "sallyport", CHART, ...sets([OVERLAY, "controller.replicas=3"]));
      const upgraded = await objects();
      expect(installed.filter((name) => !upgraded.includes(name)).map((name) => name.split("/")[1])).toEqual(
        new Array(5).fill("sallyport-gateway-edge").with(1, "edge"),
      );
      const replicas = ["get", "deployment", "sallyport", "-o", "jsonpath={.spec.replicas}"];
      expect(await server().kubectl("-n", NAMESPACE, ...replicas)).toBe("3");

      await run("uninstall", "sallyport");
      expect(await objects()).toEqual([]);
      // With them all overlays and their keys would be gone.
      expect(await server().kubectl("get", "crds", "-o", "name")).toContain("overlays.sallyport.dev");
    });
  });
});
