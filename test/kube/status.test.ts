import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { compile } from "../../controller/compile/compile.ts";
import type { ApiClient } from "../../controller/kube/api-client.ts";
import { ClusterWorld } from "../../controller/kube/cluster-world.ts";
import { type Unwritten, writeStatus } from "../../controller/kube/status-writer.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { until } from "../until.ts";
import type { ApiServer } from "./api-server.ts";
import { withClient } from "./cluster.ts";
import { CRD_FOLDER, create, installCrds, pathOf } from "./crds.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const MERGE = "application/merge-patch+json";

const endpoint = {
  apiVersion: "sallyport.dev/v1alpha1",
  kind: "OverlayEndpoint",
  metadata: { name: "late" },
  spec: {
    overlay: "shop",
    namespace: "shop",
    // Two texts for one address: the server compares texts.
    addresses: ["fd00::1", "FD00::1"],
    identity: "spiffe://shop.example/ns/shop/sa/late",
  },
};
const policy = {
  apiVersion: "sallyport.dev/v1alpha1",
  kind: "FlowPolicy",
  metadata: { name: "detour" },
  spec: {
    overlay: "shop",
    priority: 1,
    subject: { podSelector: {} },
    to: [{ podSelector: {} }],
    action: "Allow",
    via: ["no"],
  },
};

describeWithApiServer("the status of objects", (server) => {
  beforeAll(async () => {
    await installCrds(server(), CRD_FOLDER);
    await server().kubectl("apply", "--server-side", "-f", join(projectFolder(), "manifests", "samples", "shop"));
    for (const object of [endpoint, policy]) expect((await create(server(), object, "")).status).toBe(201);
  }, 60_000);

  test("says what is wrong and what is in use, once for each change", () =>
    withClient(server(), {}, async (client) => {
      const cluster = new ClusterWorld(client, () => {});
      cluster.start();
      try {
        await until(() => cluster.read()?.world.policies.length === 4, "everything to be listed", 20_000);
        expect(await settle(server(), client, cluster)).toEqual([]);
        expect(await accepted(server(), endpoint)).toEqual([
          "False",
          expect.stringMatching(/^spec\.addresses\[1\] repeats "fd00::1": remove it$/),
          1,
        ]);
        expect(await accepted(server(), policy)).toEqual(["False", expect.stringContaining("spec.via"), 1]);
        expect(await accepted(server(), { kind: "Overlay", metadata: { name: "shop" } })).toEqual([
          "True",
          "in use",
          1,
        ]);

        const before = await versions(server());
        await settle(server(), client, cluster);
        expect(await versions(server())).toEqual(before);

        await server().ask("PATCH", pathOf(endpoint, "late"), { spec: { addresses: ["10.77.0.99"] } }, MERGE);
        await until(() => cluster.read()?.rejections.length === 0, "the repair to be seen");
        await settle(server(), client, cluster);
        expect(await accepted(server(), endpoint)).toEqual(["True", "in use", 2]);
        const row = await server().kubectl("get", "ovep", "late", "--no-headers");
        expect(row).toMatch(/^late +shop +shop +\["10\.77\.0\.99"\] +True/);
      } finally {
        await cluster.stop();
      }
    }));
});

/** Writes what is to be said, and waits until that is known. */
async function settle(server: ApiServer, client: ApiClient, cluster: ClusterWorld): Promise<Unwritten[]> {
  const { world, rejections = [] } = cluster.read() ?? {};
  const compiled = world === undefined ? [] : compile(world, "shop").rejections;
  const unwritten = await writeStatus(client, cluster.ours, [...rejections, ...compiled], new Date());
  const known = () => cluster.ours.map(({ metadata }) => (metadata as { resourceVersion: string }).resourceVersion);
  const there = await versions(server);
  await until(() => known().sort().join() === there.join(), "what was written to be known", 20_000);
  return unwritten;
}

async function accepted(server: ApiServer, { kind, metadata }: { kind: string; metadata: { name: string } }) {
  const { body } = await server.ask("GET", pathOf({ kind }, metadata.name));
  const [condition] = body.status.conditions;
  return [condition.status, condition.message, body.status.observedGeneration];
}

/** Of all objects of ours. */
async function versions(server: ApiServer): Promise<string[]> {
  const text = await server.kubectl("get", "sallyport", "-o", "jsonpath={.items[*].metadata.resourceVersion}");
  return text.split(" ").sort();
}
