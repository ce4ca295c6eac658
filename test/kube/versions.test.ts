import { expect, test } from "@jest/globals";
import { ClusterWorld } from "../../controller/kube/cluster-world.ts";
import { until } from "../until.ts";
import { withClient } from "./cluster.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const GROUP = "policy.networking.k8s.io";
/** ClusterNetworkPolicy in a version that is not read. */
const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: `clusternetworkpolicies.${GROUP}`,
    annotations: { "api-approved.kubernetes.io": "unapproved, for a test" },
  },
  spec: {
    group: GROUP,
    scope: "Cluster",
    names: { kind: "ClusterNetworkPolicy", plural: "clusternetworkpolicies" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};

describeWithApiServer("a kind that the server has in other versions only", (server) => {
  test("is not taken for one of which there are no objects", async () => {
    const made = await server().ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION);
    expect([made.status, made.body.message]).toEqual([201, undefined]);
    await until(async () => (await server().ask("GET", `/apis/${GROUP}/v1`)).status === 200, "the kind to be served");
    await withClient(server(), {}, async (client) => {
      const cluster = new ClusterWorld(client, () => {});
      cluster.start();
      try {
        const stateOf = (kind: string) => cluster.health.find((one) => one.kind === kind)?.state;
        await until(() => stateOf("ClusterNetworkPolicy")?.kind === "failing", "it to be noticed");
        const reason = expect.stringContaining(`other versions than ${GROUP}/v1alpha2`);
        expect(stateOf("ClusterNetworkPolicy")).toEqual({ kind: "failing", reason });
        await until(() => stateOf("Overlay")?.kind === "missing", "a kind that isn't there at all");
        expect(cluster.read()).toBeUndefined();
      } finally {
        await cluster.stop();
      }
    });
  });
});
