import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { type Finished, runToEnd } from "../../controller/node/child.ts";
import { withFolder } from "../folder.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { sallyport } from "../sallyport.ts";
import { ensureTool } from "./tools.ts";
import { describeWithIstio, say } from "./with-istio.ts";

/** Said of every EnvoyFilter, whatever is in it. */
const GENERIC = /: EnvoyFilter exposes internal implementation details that may change at any time\./;

const OVERLAY = `apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: both}
spec: {id: 9, cidr: [10.0.0.0/8, "fd00::/8"], path: [near, far], interception: All}
---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: near}
spec: {overlays: [both], addresses: ["[fd00::5]:15042", "10.0.0.5:15042"], identity: "spiffe://cluster.local/ns/s/sa/near"}
---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: far}
spec: {overlays: [both], addresses: ["10.0.0.6:15042"], identity: "spiffe://cluster.local/ns/s/sa/far"}
---
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {sallyport.dev/overlay: both}}
---
apiVersion: v1
kind: Namespace
metadata: {name: b, labels: {sallyport.dev/overlay: both}}
`;

describeWithIstio("istioctl, of what render prints,", () => {
  let istioctl = "";
  beforeAll(async () => {
    istioctl = await ensureTool("istioctl", say);
  }, BUILD_MS);

  /** What `istioctl validate` and `analyze` say to one file. Objects of a name in several would hide each other. */
  async function verdictOn(text: string) {
    return withFolder(async (folder) => {
      const file = join(folder, "rendered.yaml");
      await writeFile(file, text);
      const validated = await runToEnd([istioctl, "validate", "-f", file]);
      // Without --all-namespaces it looks into the namespace default and says that it found nothing.
      const analyzed = await runToEnd([istioctl, "analyze", "--use-kube=false", "--all-namespaces", file]);
      const said = (end: Finished, line: RegExp) =>
        `${end.stdout}\n${end.stderr}`
          .split("\n")
          .flatMap((text) => line.exec(text)?.[1] ?? [])
          .filter((text) => !GENERIC.test(text));
      return {
        codes: [validated.code, analyzed.code],
        warnings: said(validated, /^\s*\* (.+)$/),
        findings: said(analyzed, /^((?:Error|Warning|Info) .+)$/),
      };
    });
  }

  async function rendered(file: string): Promise<string> {
    const { code, out, error } = await sallyport("render", "-f", file);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    return out;
  }

  test("finds nothing in an opted-in namespace", async () => {
    const found = await verdictOn(await rendered("manifests/samples/mesh"));
    expect(found).toEqual({ codes: [0, 0], warnings: [], findings: [] });
  });

  test("finds nothing in two namespaces with two gateways of both families", async () => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, "world.yaml"), OVERLAY);
      const found = await verdictOn(await rendered(folder));
      expect(found).toEqual({ codes: [0, 0], warnings: [], findings: [] });
    });
  });

  describe("would have found", () => {
    const faults = [
      { name: "a field that Envoy doesn't have", from: "tcp_health_check:", to: "tcp_health_chek:" },
      { name: "an unknown type", from: "wasm.v3.Wasm\n", to: "wasm.v3.Wasn\n" },
      { name: "an unknown operation", from: "operation: ADD", to: "operation: PUT" },
      { name: "a digest that is cut short", from: /sha256: [0-9a-f]{64}\n {2}phase/, to: "sha256: 00\n  phase" },
      { name: "an unknown phase", from: "phase: AUTHN", to: "phase: AUTHX" },
      { name: "a field that a WasmPlugin doesn't have", from: "failStrategy:", to: "failPolicy:" },
    ];
    test.each(faults)("$name", async ({ from, to }) => {
      const good = await rendered("manifests/samples/mesh");
      const bad = good.replace(from, to);
      expect(bad).not.toBe(good);
      const { codes, warnings, findings } = await verdictOn(bad);
      expect(codes.some((code) => code !== 0) || warnings.length + findings.length > 0).toBe(true);
    });
  });
});
