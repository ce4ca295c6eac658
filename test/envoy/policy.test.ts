/** Edits of a running shop: enforced on new and on open flows, and no Envoy is restarted for them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { describeLab, labSupport } from "../node/lab-program.ts";
import { until } from "../until.ts";
import { Actor } from "./actor/actor.ts";
import { API, DB, GATEWAYS, PEOPLE, Shop, shopWithKeys } from "./shop.ts";

const EPOCH_SECONDS = 5;

/** Something that stays allowed, whatever is edited: web's flow to a second port of api. */
const SIDE_DOOR = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { namespace: shop, name: side-door }
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 9000 }] }]
  egress: [{ to: [{ podSelector: { matchLabels: { app: api } } }], ports: [{ port: 9000 }] }]
`;

let folder: string;
let shop: Shop;

const reaches = async () => (await shop.actor("api").play("probeTcp", DB, 5432)).reached;
const flowOf = async (who: "api" | "web") => shop.actor(who).play("reportFlow", "live");

async function closed(who: "api" | "web"): Promise<void> {
  await until(async () => !(await flowOf(who)).alive, `the flow of ${who} to be closed`, 15_000);
}

/** It lives, and bytes still pass. */
async function lives(who: "api" | "web"): Promise<void> {
  const { exchanges } = await flowOf(who);
  await until(async () => (await flowOf(who)).exchanges > exchanges, `bytes to pass on the flow of ${who}`);
  expect((await flowOf(who)).alive).toBe(true);
}

describeLab(labSupport, "an edit of a running shop", () => {
  jest.setTimeout(90_000);

  let before: Record<string, number>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sallyport-test-"));
    const files = { ...shopWithKeys(EPOCH_SECONDS, 0), "side-door.yaml": SIDE_DOOR };
    shop = await Shop.open(folder, { files });
    await shop.actor("api").play("serveTcp", API, 9000, "api");
    expect(await shop.actor("web").play("openFlow", "live", API, 9000)).toBe(true);
    before = shop.run.pids();
    expect(Object.keys(before).sort()).toEqual([...GATEWAYS, ...PEOPLE].sort());
  });

  afterAll(async () => {
    const left = await shop?.close();
    await rm(folder, { recursive: true, force: true });
    expect(left).toEqual([]);
  });

  test("closes the open flow that it denies, refuses new ones, and leaves the others", async () => {
    expect(await shop.actor("api").play("openFlow", "live", DB, 5432)).toBe(true);
    await shop.run.edit("policy-data.yaml", (text) => text.replace("app: api", "app: nobody"));
    await closed("api");
    await until(async () => !(await reaches()), "new flows to be refused");
    await lives("web");
    await shop.run.edit("policy-data.yaml", (text) => text.replace("app: nobody", "app: api"));
    await until(reaches, "new flows to pass again");
    await lives("web");
    expect(shop.run.pids()).toEqual(before);
  });

  test("that can't be read changes nothing and says where it is wrong, until it is repaired", async () => {
    expect(await shop.actor("api").play("openFlow", "live", DB, 5432)).toBe(true);
    const from = shop.run.said.length;
    await shop.run.edit("policy-data.yaml", (text) => text.replace("podSelector:", "podSelektor:"));
    await shop.run.says("the last good state stays in force", 10_000, from);
    expect(shop.run.said.slice(from)).toMatch(/policy-data\.yaml:[0-9]+.*podSelektor/s);
    expect(await reaches()).toBe(true);
    await lives("api");
    const repaired = shop.run.said.length;
    await shop.run.edit("policy-data.yaml", (text) => text.replace("podSelektor:", "podSelector:"));
    await shop.run.says(" applied: ", 10_000, repaired);
    await lives("api");
    expect(shop.run.pids()).toEqual(before);
  });

  test("of what can't change while nodes run is refused, and the rest of it applies", async () => {
    expect(await shop.actor("api").play("openFlow", "live", DB, 5432)).toBe(true);
    const from = shop.run.said.length;
    const written = `epochSeconds: ${EPOCH_SECONDS}`;
    await shop.run.edit("overlay.yaml", (text) =>
      text.replace(/\bid: 7\b/, "id: 8").replace(written, "epochSeconds: 3600\n    horizon: 7"),
    );
    await shop.run.says(/ applied: 6 new images; not applied:/, 10_000, from);
    const said = shop.run.said.slice(from);
    expect(said).toMatch(/overlay\.yaml:[0-9]+: Overlay shop: spec\.id: can't change from 7 to 8/);
    expect(said).toMatch(/overlay\.yaml:[0-9]+: Overlay shop: spec\.keys\.epochSeconds: can't change from 5 to 3600/);
    await shop.run.says("all nodes run generation", 10_000, from);
    await shop.run.says("a new epoch began", 3 * EPOCH_SECONDS * 1000, from);
    expect(await reaches()).toBe(true);
    await lives("api");
    const repaired = shop.run.said.length;
    await shop.run.edit("overlay.yaml", (text) =>
      text.replace("id: 8", "id: 7").replace("epochSeconds: 3600", written),
    );
    await shop.run.says(" applied: no node needs another image\n", 10_000, repaired);
    expect(shop.run.pids()).toEqual(before);
  });

  test("isn't needed when epochs pass: no flow fails, open ones live on", async () => {
    const api = shop.actor("api");
    expect(await api.play("openFlow", "live", DB, 5432)).toBe(true);
    await api.play("startTraffic", DB, 5432, 25);
    const from = shop.run.said.length;
    const epochs = () => shop.run.said.slice(from).split("a new epoch began").length - 1;
    await until(() => epochs() >= 3, "three epochs to begin", 4 * EPOCH_SECONDS * 1000);
    await api.play("stopTraffic");
    const { opened, failures } = await api.play("reportTraffic");
    expect(failures).toEqual([]);
    expect(opened).toBeGreaterThan(100);
    await lives("api");
    await lives("web");
    expect(shop.run.pids()).toEqual(before);
  });

  test("that adds an endpoint starts it, one that removes it stops it, and nothing else", async () => {
    await shop.run.edit("endpoints.yaml", (text) => text + BATCH);
    await until(() => shop.run.pids().batch !== undefined, "the new endpoint to run", 20_000);
    const batch = await Actor.start(shop.run, "batch");
    const arrives = async () => (await batch.play("probeTcp", DB, 5432)).reached;
    await until(arrives, "the new endpoint to reach db", 20_000);
    expect(await batch.play("openFlow", "live", DB, 5432)).toBe(true);
    expect(shop.run.pids()).toEqual({ ...before, batch: expect.any(Number) });
    await lives("web");
    await shop.run.edit("endpoints.yaml", (text) => text.replace(BATCH, ""));
    await until(() => shop.run.pids().batch === undefined, "the endpoint to end", 20_000);
    await until(() => batch.hasEnded, "its apps to end", 20_000);
    const gone = () =>
      shop.run.inNode("batch", ["true"]).then(
        () => false,
        (error: Error) => /217/.test(error.message),
      );
    await until(gone, "its namespace to be gone");
    expect(shop.run.pids()).toEqual(before);
    await lives("web");
    expect(await reaches()).toBe(true);
  });

  test("of the path restarts no endpoint's proxy, and a gateway's only if it follows another one no more", async () => {
    expect(await restartedBy("overlay.yaml", "path: [edge-a, edge-b]", "path: [edge-b]")).toEqual(["edge-b-0"]);
    await until(reaches, "flows to pass on the other path", 20_000);
    expect(await shop.actor("intruder").play("probeTcp", DB, 5432)).toMatchObject({ reached: false });
    expect(await restartedBy("overlay.yaml", "path: [edge-b]", "path: [edge-a, edge-b]")).toEqual(["edge-b-0"]);
    await until(reaches, "flows to pass on the first path", 20_000);
  });

  test("of a gateway's addresses restarts whoever may connect to it, and apps live on in their networks", async () => {
    const restarted = await restartedBy("gateways.yaml", "10.78.0.4:15042", "10.78.0.5:15042");
    expect(restarted).toEqual([...GATEWAYS, ...PEOPLE].sort());
    // The apps are those from before the edit: nobody else listens or connects.
    await until(reaches, "flows to pass", 20_000);
  });

  test("of the key generation closes every open flow, and new ones pass", async () => {
    // Both replicas of the first gateway have to find the second one, which was restarted.
    await until(() => shop.actor("api").play("openFlow", "live", DB, 5432), "a flow of api", 20_000);
    await until(() => shop.actor("web").play("openFlow", "live", API, 9000), "a flow of web", 20_000);
    before = shop.run.pids();
    await shop.run.edit("overlay.yaml", (text) => text.replace("keyGeneration: 0", "keyGeneration: 1"));
    await closed("api");
    await closed("web");
    await until(reaches, "new flows to pass");
    const { answers } = await oldKeys();
    expect(answers).toEqual({ 403: 5 });
    expect(await shop.run.total(["edge-a-0"], "gate\\.stamp-key-generation$")).toBeGreaterThanOrEqual(5);
    expect(shop.run.pids()).toEqual(before);
  });
});

/** Edits and waits until all nodes follow; the nodes whose Envoy is another one then. */
async function restartedBy(file: string, from: string, to: string): Promise<string[]> {
  const before = shop.run.pids();
  await shop.run.apply(file, (text) => text.replace(from, to));
  const names = (pids: object) => Object.keys(pids).sort().join();
  // One that was started a moment ago isn't an Envoy yet.
  await until(() => names(shop.run.pids()) === names(before), "all nodes to run", 20_000);
  const after = shop.run.pids();
  return Object.keys(before)
    .filter((node) => after[node] !== before[node])
    .sort();
}

/** Stamps of the key generation before: their keys don't matter any more. */
async function oldKeys() {
  const stamp = { destination: `${DB}:5432`, audience: shop.ids.edgeA, keyGeneration: 0, overlay: 7 };
  const wish = {
    tls: shop.tls("api"),
    proxy: "10.78.0.2:15042",
    authority: `${DB}:5432`,
    stamp,
    requests: 5,
    atOnce: 1,
  };
  return shop.actor("api").play("barrage", wish);
}

const BATCH = `---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayEndpoint
metadata: { name: batch }
spec:
  overlay: shop
  namespace: shop
  labels: { app: api }
  addresses: [10.77.0.20]
  identity: spiffe://shop.example/ns/shop/sa/batch
  local: {}
`;
