import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { parse, parseAllDocuments } from "yaml";
import { runOrFail, runToEnd } from "../../controller/node/child.ts";
import { CHART, ensureHelm, NAMESPACE } from "../chart/helm.ts";
import { withFolder } from "../folder.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { injectorFiles } from "./injector.ts";
import { ensureTool, istioFolder } from "./tools.ts";
import { describeWithIstio, say } from "./with-istio.ts";

const VALUES = "namespace.create=true,gateways.edge.overlay=shop,gateways.far.overlay=shop";

describeWithIstio("istioctl, of what the chart makes,", () => {
  let helm = "";
  let istioctl = "";
  beforeAll(async () => {
    helm = await ensureHelm(say);
    istioctl = await ensureTool("istioctl", say);
  }, BUILD_MS);

  /** What `istioctl validate` and `analyze` say, in that order. */
  async function verdictsOn(text: string) {
    return withFolder(async (folder) => {
      const file = join(folder, "chart.yaml");
      await writeFile(file, text);
      const validated = await runToEnd([istioctl, "validate", "-f", file]);
      const analyzed = await runToEnd([istioctl, "analyze", "--use-kube=false", "--all-namespaces", file]);
      return [validated, analyzed].map(({ code, stdout, stderr }) => ({
        code,
        said: `${stdout}${stderr}`.trim().replaceAll(file, "FILE"),
      }));
    });
  }

  test("finds nothing", async () => {
    const text = await runOrFail([helm, "template", "sallyport", CHART, "-n", NAMESPACE, "--set", VALUES]);
    expect(await verdictsOn(text)).toEqual([
      { code: 0, said: '"FILE" is valid' },
      { code: 0, said: "✔ No validation issues found when analyzing FILE." },
    ]);
  });

  test("would have found pods of which it doesn't know what they are", async () => {
    const text = await runOrFail([helm, "template", "sallyport", CHART, "-n", NAMESPACE, "--set", VALUES]);
    const [validated] = await verdictsOn(text.replaceAll(/^ {8}app\.kubernetes\.io\/version: .*\n/gm, ""));
    expect(validated?.said).toMatch(/may not provide Istio metrics and telemetry labels/);
  });

  test("gives the template to Istio's injector as `istioctl install` would", async () => {
    const manifests = join(await istioFolder(), "manifests");
    const ours = "manifests/install/istio-operator.yaml";
    const text = await runOrFail([istioctl, "manifest", "generate", "--manifests", manifests, "-f", ours]);
    const objects = parseAllDocuments(text).flatMap((document) => document.toJS() ?? []);
    const { defaultTemplates, templates } = parse(injectorFiles(objects).config);
    expect(defaultTemplates).toEqual(["sidecar", "sallyport"]);
    const { spec } = parse(await readFile(ours, "utf8"));
    expect(templates.sallyport.trim()).toBe(spec.values.sidecarInjectorWebhook.templates.sallyport.trim());
    expect(Object.keys(templates)).toEqual(expect.arrayContaining(["sidecar", "gateway"]));
  });
});
