import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { ClusterWorld } from "../../controller/kube/cluster-world.ts";
import type { World } from "../../controller/model/resources.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { readWorld } from "../../controller/read/files.ts";
import { until } from "../until.ts";
import type { ApiServer } from "./api-server.ts";
import { kindsThatFail, withCluster } from "./cluster.ts";
import { CRD_FOLDER, installCrds } from "./crds.ts";
import { Gate } from "./gate.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const SHOP = join(projectFolder(), "manifests", "samples", "shop");
const MERGE = "application/merge-patch+json";

describeWithApiServer("the world of a cluster", (server) => {
  beforeAll(() => installCrds(server(), CRD_FOLDER), 60_000);

  test("is that of the files that were applied", async () => {
    await server().kubectl("apply", "--server-side", "-f", SHOP);
    await withWorld(server(), async (cluster) => {
      const { world: want } = await readWorld(SHOP);
      await until(() => (cluster.read()?.world.policies.length ?? 0) === 4, "the policies");
      const { world, rejections } = cluster.read() ?? {};
      expect(rejections).toEqual([]);
      const same = ["overlays", "gateways", "endpoints", "policies", "clusterPolicies", "flowPolicies"] as const;
      for (const part of same) expect([part, comparable(world?.[part])]).toEqual([part, comparable(want[part])]);
      await until(() => kindsThatFail(cluster).length === 0, "everything to be watched", 20_000);
      const missing = cluster.health.filter(({ state }) => state.kind !== "watching");
      expect(missing).toEqual([{ kind: "ClusterNetworkPolicy", state: { kind: "missing" }, objects: 0 }]);
    });
  });

  describe("with a thousand pods", () => {
    beforeAll(() => makePods(server(), "many", 1000), 120_000);

    test("has them all within moments, follows changes and keeps the rest as it is", async () => {
      await withWorld(server(), async (cluster) => {
        await until(() => membersIn(cluster, "many").length === 1000, "a thousand members", 20_000);
        const before = membersIn(cluster, "many");
        await server().ask(
          "PATCH",
          "/api/v1/namespaces/many/pods/p7",
          { metadata: { labels: { app: "other" } } },
          MERGE,
        );
        await until(() => membersIn(cluster, "many").some(({ labels }) => labels.app === "other"), "the new label");
        const after = new Set(membersIn(cluster, "many"));
        expect(before.filter((member) => !after.has(member)).map(({ name }) => name)).toEqual(["p7"]);
      });
    });

    test("misses nothing that happens while the server is out of reach, and learns what it forgot", async () => {
      const gate = await Gate.open(server().port);
      try {
        await withWorld(
          server(),
          async (cluster) => {
            await until(() => membersIn(cluster, "many").length === 1000, "a thousand members", 20_000);
            const before = membersIn(cluster, "many");
            gate.shut();
            await until(() => kindsThatFail(cluster).includes("Pod"), "the outage to be noticed");
            expect(membersIn(cluster, "many")).toHaveLength(1000);
            await server().ask("DELETE", "/api/v1/namespaces/many/pods/p1?gracePeriodSeconds=0");
            await makePods(server(), "many", 1, 2000);
            // A server that starts anew doesn't know what happened before.
            await server().crash();
            await server().resume();
            gate.reopen();
            const isCurrent = () => membersIn(cluster, "many").some(({ name }) => name === "p2000");
            await until(isCurrent, "the pod that was made meanwhile", 30_000);
            await until(() => kindsThatFail(cluster).length === 0, "everything to be watched again", 30_000);
            const after = new Set(membersIn(cluster, "many"));
            expect(before.filter((member) => !after.has(member)).map(({ name }) => name)).toEqual(["p1"]);
          },
          gate.port,
        );
      } finally {
        await gate.close();
      }
    });
  });
});

/** Reads the cluster, with everything known. */
function withWorld(
  server: ApiServer,
  use: (cluster: ClusterWorld) => Promise<void>,
  port = server.port,
): Promise<void> {
  return withCluster(server, { port }, async (cluster) => {
    await until(() => cluster.read() !== undefined, "everything to be listed", 20_000);
    await use(cluster);
  });
}

/** Running pods `p0`, `p1` and so on, each with an address of its own. */
async function makePods(server: ApiServer, namespace: string, count: number, from = 0): Promise<void> {
  await server.ask("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const numbers = Array.from({ length: count }, (_, i) => from + i);
  await Promise.all(
    numbers.map(async (i) => {
      const metadata = { name: `p${i}`, labels: { app: `app-${i % 10}` } };
      const { status } = await server.ask("POST", path, {
        metadata,
        spec: { containers: [{ name: "c", image: "i" }] },
      });
      expect(status).toBe(201);
      const podIP = `10.${100 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
      await server.ask(
        "PATCH",
        `${path}/p${i}/status`,
        { status: { phase: "Running", podIP, podIPs: [{ ip: podIP }] } },
        MERGE,
      );
    }),
  );
}

function membersIn(cluster: ClusterWorld, namespace: string): World["endpoints"] {
  return cluster.read()?.world.endpoints.filter((member) => member.namespace === namespace) ?? [];
}

/** Without where it was read, in the order of names. */
function comparable(list: readonly { readonly name: string }[] = []): object[] {
  const sorted = [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map((one) => ({ ...one, origin: undefined }));
}
