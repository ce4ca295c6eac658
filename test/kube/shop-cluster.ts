/** A cluster with an overlay `shop`, in which replicas of the controller run, and its nodes as the test plays them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { nodeId } from "../../controller/keys/derive.ts";
import { hexId } from "../../controller/model/hex.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { Authority, type Issued } from "../../controller/serve/authority.ts";
import { istioFolder } from "../istio/tools.ts";
import { type Answer, ImageClient, pollPath } from "../unit/image-client.ts";
import { until } from "../until.ts";
import type { Answer as ApiAnswer, ApiServer } from "./api-server.ts";
import { CRD_FOLDER, create, installCrds } from "./crds.ts";
import { Replica } from "./replica.ts";

export const MERGE = "application/merge-patch+json";
export const WEB = "spiffe://cluster.local/ns/shop/sa/web";

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
/** What the injectors make of a pod. */
export const INJECTED = {
  serviceAccountName: "web",
  initContainers: [{ name: "sallyport-init", image: "i" }],
  containers: [
    { name: "app", image: "i" },
    { name: "istio-proxy", image: "i" },
  ],
};

export class ShopCluster {
  readonly replicas: Replica[] = [];

  private constructor(
    readonly server: ApiServer,
    readonly folder: string,
    readonly authority: Authority,
  ) {}

  /** With the overlay and its namespace, without pods and replicas. */
  static async open(server: ApiServer): Promise<ShopCluster> {
    const folder = await mkdtemp(join(tmpdir(), "sallyport-controller-"));
    const authority = await Authority.open({ folder: join(folder, "ca"), clock: { now: () => Date.now() } });
    await installCrds(server, CRD_FOLDER);
    for (const object of [overlay, gateway]) expect((await create(server, object, "")).status).toBe(201);
    const cluster = new ShopCluster(server, folder, authority);
    await cluster.makeNamespace("sallyport-system", {});
    await cluster.makeNamespace("shop", { "sallyport.dev/overlay": "shop" });
    return cluster;
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.end("SIGKILL")));
    await rm(this.folder, { recursive: true, force: true });
  }

  async startReplica(kubeconfig = this.server.kubeconfig): Promise<Replica> {
    const replica = await Replica.start(kubeconfig, this.folder, this.authority, this.replicas.length + 1);
    this.replicas.push(replica);
    return replica;
  }

  /** A certificate of the same authority that ends soon. */
  async issueFor(identity: string, lifetimeMs: number): Promise<Issued> {
    const options = { folder: join(this.folder, "ca"), clock: { now: () => Date.now() }, lifetimeMs };
    return (await Authority.open(options)).issue(identity);
  }

  /** The replica that the Service leads to. */
  async leader(): Promise<Replica | undefined> {
    const path = "/apis/discovery.k8s.io/v1/namespaces/sallyport-system/endpointslices/sallyport";
    const { status, body } = await this.server.ask("GET", path);
    const ip = status === 200 ? body.endpoints[0].addresses[0] : undefined;
    return this.replicas.find((replica) => replica.ip === ip);
  }

  async untilLed(by: Replica): Promise<void> {
    await until(async () => (await this.leader()) === by, `${by.ip} to lead: ${by.lines.join("\n")}`, 30_000);
  }

  async makeNamespace(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await this.server.ask("POST", "/api/v1/namespaces", { metadata: { name, labels } });
  }

  label(namespace: string, overlay: string | null): Promise<ApiAnswer> {
    const metadata = { labels: { "sallyport.dev/overlay": overlay } };
    return this.server.ask("PATCH", `/api/v1/namespaces/${namespace}`, { metadata }, MERGE);
  }

  /** A running pod; answers its node id. */
  async makePod(
    name: string,
    ip: string,
    { namespace = "shop", spec = INJECTED as object, says = LOADED } = {},
  ): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { status, body } = await this.server.ask("POST", path, { metadata: { name, labels: { app: name } }, spec });
    expect([status, body.message]).toEqual([201, undefined]);
    const running = {
      status: { phase: "Running", podIP: ip, podIPs: [{ ip }], initContainerStatuses: [initStatus(says)] },
    };
    await this.server.ask("PATCH", `${path}/${name}/status`, running, MERGE);
    return hexId(nodeId(`Kubernetes/${namespace}/${name}/${body.metadata.uid}`));
  }

  /** What the replica answers to a node's poll; status 0: there is no connection to it. */
  async image({ host }: Replica, node: string, from: string, { identity = WEB, have = "0" } = {}): Promise<Answer> {
    const client = await this.client(host, identity, from);
    if (client === undefined) return { status: 0, generation: undefined, body: Buffer.alloc(0) };
    try {
      return await client.get(pollPath(node, have));
    } finally {
      client.close();
    }
  }

  async client(host: string, identity: string, from: string): Promise<ImageClient | undefined> {
    const own = await this.authority.issue(identity);
    return ImageClient.connect(CONTROL_PORT, this.authority.root, own, from, host).catch(() => undefined);
  }

  /** The condition of one of our objects, as `STATUS REASON: MESSAGE`. */
  async condition(plural: string, name: string, type: string): Promise<string> {
    const { body } = await this.server.ask("GET", `/apis/sallyport.dev/v1alpha1/${plural}/${name}`);
    const conditions: { type: string; status: string; reason: string; message: string }[] =
      body.status?.conditions ?? [];
    const found = conditions.find((condition) => condition.type === type);
    return found === undefined ? "" : `${found.status} ${found.reason}: ${found.message}`;
  }

  /** Events of a namespace, as `REASON KIND/NAME: NOTE`. */
  async events(namespace: string): Promise<string[]> {
    const { body } = await this.server.ask("GET", `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
    const items: { reason: string; note: string; regarding: { kind: string; name: string } }[] = body.items ?? [];
    return items.map(({ reason, note, regarding }) => `${reason} ${regarding.kind}/${regarding.name}: ${note}`).sort();
  }
}

/** Istio's own kinds, from its own source. */
export async function installIstioKinds(server: ApiServer): Promise<void> {
  const file = join(await istioFolder(), "manifests/charts/base/files/crd-all.gen.yaml");
  await installCrds(server, file);
}

/** Last words of the init container, as a kubelet puts them into the status. */
const LOADED = "# sallyport rules: enforce\n";

function initStatus(message: string): object {
  const at = "2026-01-01T00:00:00Z";
  const terminated = { exitCode: 0, message, startedAt: at, finishedAt: at };
  return { name: "sallyport-init", image: "i", imageID: "i", ready: true, restartCount: 0, state: { terminated } };
}
