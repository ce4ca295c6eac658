import { beforeAll, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { labSupport, lastJson, runProgram } from "../node/lab-program.ts";
import type { MeshTools } from "./mesh-plane.ts";
import { ensureMeshTools } from "./mesh-tools.ts";
import { describeWithIstio } from "./with-istio.ts";

const kind = labSupport.kind;
const GATEWAY = "gateway-c11c2eeeefe92904";

describeWithIstio(
  "a sidecar of an opted-in namespace",
  () => {
    let tools: MeshTools | undefined;
    beforeAll(async () => {
      tools = await ensureMeshTools();
    }, BUILD_MS);

    /** Runs a program of this folder in a lab of its own. */
    function run(file: string) {
      const program = new URL(file, import.meta.url).pathname;
      return withFolder((folder) => runProgram(program, [kind, folder, JSON.stringify(tools)]));
    }

    test("accepts everything that render prints, from an istiod as it is shipped", async () => {
      const ran = await run("accepted-program.ts");
      expect(lastJson(ran)).toEqual({
        errors: [],
        rejects: { istiod: 0, envoy: 0 },
        listeners: {
          "sallyport-outbound": [
            ["sallyport.stamp", "envoy.filters.network.set_filter_state", "envoy.filters.network.tcp_proxy"],
          ],
          "sallyport-tunnel": [
            [
              "envoy.filters.network.http_connection_manager",
              "sallyport.verify",
              "envoy.filters.http.set_filter_state",
              "envoy.filters.http.router",
            ],
          ],
        },
        clusters: [GATEWAY, "sallyport-app", "sallyport-control", "sallyport-deny", "sallyport-direct"],
        filters: ["sallyport-guard", "sallyport.stamp", "sallyport.verify"],
        guarded: true,
        unguarded: [],
        // Over the mesh's mutual TLS, and by the id that the controller knows the pod by.
        asks: { for: true, as: ["spiffe://cluster.local/ns/shop/sa/web"] },
        // Istio's own choice of statistics shows the filters'.
        counters: ["guard", "image", "stamp", "verify", "vm"],
      });
      expect(ran.code).toBe(0);
    });

    test("lets nothing in to the app that came past the tunnel", async () => {
      const ran = await run("inbound-program.ts");
      expect(lastJson(ran)).toEqual({
        "without Istio": "hello",
        "past the tunnel": "closed",
        "out of the tunnel": "hello",
        "from the pod to itself": "hello",
        counted: { allow: 2, notTunnelled: 1 },
      });
      expect(ran.code).toBe(0);
    });
  },
  kind === "none" ? labSupport.reason : undefined,
);
