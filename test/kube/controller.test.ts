import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { nodeId } from "../../controller/keys/derive.ts";
import { hexId } from "../../controller/model/hex.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { Authority } from "../../controller/serve/authority.ts";
import { type Answer, ImageClient } from "../unit/image-client.ts";
import { until } from "../until.ts";
import type { ApiServer } from "./api-server.ts";
import { CRD_FOLDER, create, installCrds } from "./crds.ts";
import { Replica } from "./replica.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const MERGE = "application/merge-patch+json";
const SLICE = "/apis/discovery.k8s.io/v1/namespaces/sallyport-system/endpointslices/sallyport";

describeWithApiServer("the controller", (server) => {
  let folder: string;
  let authority: Authority;
  let replica: Replica;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sallyport-controller-"));
    authority = await Authority.open({ folder: join(folder, "ca"), clock: { now: () => Date.now() } });
    await installCrds(server(), CRD_FOLDER);
    for (const object of [overlay, gateway]) expect((await create(server(), object, "")).status).toBe(201);
    await server().ask("POST", "/api/v1/namespaces", { metadata: { name: "sallyport-system" } });
    await server().ask("POST", "/api/v1/namespaces", {
      metadata: { name: "shop", labels: { "sallyport.dev/overlay": "shop" } },
    });
    for (const [name, ip] of [
      ["web-1", "127.9.0.1"],
      ["web-2", "127.9.0.2"],
    ] as const)
      await makePod(server(), name, ip);
    replica = await Replica.start(server().kubeconfig, folder, authority);
    await until(async () => (await addresses(server()))[0] === replica.ip, "the replica to lead", 30_000);
  }, 60_000);
  afterAll(async () => {
    await replica?.end("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  const image = async (pod: string, identity: string, from: string) => {
    const { body } = await server().ask("GET", `/api/v1/namespaces/shop/pods/${pod}`);
    const id = hexId(nodeId(`Kubernetes/shop/${pod}/${body.metadata?.uid ?? "none"}`));
    return fetchImage(replica, authority, id, identity, from);
  };

  test("serves a pod its image, and nobody else", async () => {
    const web = "spiffe://cluster.local/ns/shop/sa/web";
    const own = await image("web-1", web, "127.9.0.1");
    expect([own.status, own.body.length > 100]).toEqual([200, true]);
    expect(own.generation).toMatch(/^[0-9]+$/);
    const strangers = [
      await image("web-1", "spiffe://cluster.local/ns/shop/sa/db", "127.9.0.1"),
      await image("web-1", web, "127.9.0.2"),
      await image("web-3", web, "127.9.0.1"),
    ];
    expect(strangers.map(({ status }) => status)).toEqual([403, 403, 404]);
    await until(() => replica.lines.some((line) => line.includes("reason=other-address")), "the refusal to be said");
  });
});

const overlay = {
  apiVersion: "sallyport.dev/v1alpha1",
  kind: "Overlay",
  metadata: { name: "shop" },
  spec: { id: 7, cidr: ["127.0.0.0/8"], path: ["edge"] },
};
const gateway = {
  apiVersion: "sallyport.dev/v1alpha1",
  kind: "OverlayGateway",
  metadata: { name: "edge" },
  spec: {
    overlays: ["shop"],
    addresses: ["127.8.0.1:15042"],
    identity: "spiffe://cluster.local/ns/sallyport-system/sa/edge",
  },
};

async function makePod(server: ApiServer, name: string, ip: string): Promise<void> {
  const path = "/api/v1/namespaces/shop/pods";
  const spec = { serviceAccountName: "web", containers: [{ name: "c", image: "i" }] };
  const { status } = await server.ask("POST", path, { metadata: { name, labels: { app: "web" } }, spec });
  expect(status).toBe(201);
  const running = { status: { phase: "Running", podIP: ip, podIPs: [{ ip }] } };
  await server.ask("PATCH", `${path}/${name}/status`, running, MERGE);
}

async function addresses(server: ApiServer): Promise<string[]> {
  const { status, body } = await server.ask("GET", SLICE);
  return status === 200 ? body.endpoints[0].addresses : [];
}

async function fetchImage(
  { host }: Replica,
  authority: Authority,
  id: string,
  identity: string,
  from: string,
): Promise<Answer> {
  const certificate = await authority.issue(identity);
  const client = await ImageClient.connect(CONTROL_PORT, authority.root, certificate, from, host);
  try {
    return await client.get(`/v1/nodes/${id}/image?have=0&worker=1`);
  } finally {
    client.close();
  }
}
