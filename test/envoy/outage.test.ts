/** A controller that is killed and comes back, and certificates that end soon: nodes don't notice either. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { adminGet } from "../../controller/node/admin.ts";
import { describeLab, labSupport } from "../node/lab-program.ts";
import { until } from "../until.ts";
import { DB, GATEWAYS, PEOPLE, Shop, shopWithKeys, WEB } from "./shop.ts";

const LOADER = new URL("../node/typescript.mjs", import.meta.url).href;
const MACHINE = new URL("./outage/machine-program.ts", import.meta.url).pathname;
/** Renewed at half of it. */
const LIFETIME_MS = 8000;
/** Certificates are valid from a minute before they are issued. */
const BACKDATE_MS = 60_000;

let folder: string;
let shop: Shop;
let before: Record<string, number>;

const reaches = async () => (await shop.actor("api").play("probeTcp", DB, 5432)).reached;
const flow = () => shop.actor("api").play("reportFlow", "live");

describeLab(labSupport, "nodes whose controller", () => {
  jest.setTimeout(90_000);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sallyport-test-"));
    const program = [process.execPath, "--import", LOADER, MACHINE, labSupport.kind];
    shop = await Shop.open(folder, { files: shopWithKeys(5, 0), program });
    before = shop.run.pids();
    expect(Object.keys(before).sort()).toEqual([...GATEWAYS, ...PEOPLE].sort());
  });

  afterAll(async () => {
    const left = await shop?.close();
    await rm(folder, { recursive: true, force: true });
    expect(left).toEqual([]);
  });

  test("is killed go on enforcing, over epochs, and take its images when it is back", async () => {
    expect(await shop.actor("api").play("openFlow", "live", DB, 5432)).toBe(true);
    shop.run.controller.stdin?.write("kill\n");
    await until(async () => (await polls()).failed > 0, "nodes to notice");
    await shop.run.edit("policy-data.yaml", (text) => text.replace("app: api", "app: nobody"));
    const epoch = Math.floor(Date.now() / 5000);
    await until(() => Math.floor(Date.now() / 5000) >= epoch + 2, "an epoch to pass", 15_000);
    expect(await reaches()).toBe(true);
    expect(await shop.actor("web").play("probeTcp", DB, 5432)).toMatchObject({ reached: false });
    expect(await shop.actor("intruder").play("probeHttp", WEB, 8080)).toMatchObject({ reached: false });
    expect(await flow()).toMatchObject({ alive: true });
    const from = shop.run.said.length;
    shop.run.controller.stdin?.write(`start ${LIFETIME_MS}\n`);
    await shop.run.says("all nodes run generation 2.", 30_000, from);
    await until(async () => !(await flow()).alive, "the flow that is now denied to be closed");
    expect(await reaches()).toBe(false);
    expect(shop.run.pids()).toEqual(before);
    const generations = await shop.run.stats("edge-b-0", "sallyport.image.generation");
    expect([...generations.values()].map((value) => Math.floor(value / 2 ** 32))).toEqual([2]);
  });

  test("issues short-lived certificates use each new one, and flows live on", async () => {
    await shop.run.edit("policy-data.yaml", (text) => text.replace("app: nobody", "app: api"));
    await shop.run.controller.stdin?.write("kill\n");
    await shop.run.controller.stdin?.write(`start ${LIFETIME_MS}\n`);
    await until(reaches, "the policy of before to be in force", 30_000);
    expect(await shop.actor("api").play("openFlow", "live", DB, 5432)).toBe(true);
    const begin = Date.now();
    const isNew = async (node: string) => (await certificateDates(node)).from - begin > LIFETIME_MS - BACKDATE_MS;
    const all = async () => (await Promise.all([...GATEWAYS, ...PEOPLE].map(isNew))).every((one) => one);
    await until(all, "all proxies to have certificates from after the end of the first ones", 4 * LIFETIME_MS);
    expect(shop.run.pids()).toEqual(before);
    expect(await flow()).toMatchObject({ alive: true });
    // New connections on both sides of it, by what the others have read meanwhile.
    await shop.run.crash("edge-b-0");
    await until(reaches, "flows to pass by new connections", 20_000);
  });
});

/** When a node's Envoy may show its certificate, in milliseconds since 1970. */
async function certificateDates(node: string): Promise<{ from: number }> {
  const { body } = await adminGet(join(shop.run.nodeFolder(node), "admin.sock"), "/certs");
  const { certificates } = JSON.parse(body) as { certificates: { cert_chain: { valid_from: string }[] }[] };
  return { from: Date.parse(certificates[0]?.cert_chain[0]?.valid_from ?? "") };
}

async function polls(): Promise<{ failed: number }> {
  return { failed: await shop.run.total([...GATEWAYS, ...PEOPLE], "sallyport.image.poll_failed") };
}
