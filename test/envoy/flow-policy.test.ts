/** Paths that policy names, and audits, on a running shop: each gateway of a path, and no other, carries the flow. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { describeLab, labSupport } from "../node/lab-program.ts";
import { until } from "../until.ts";
import { DB, GATEWAYS, Shop, shopFiles } from "./shop.ts";

const EDGE_A = ["edge-a-0", "edge-a-1"];
const EDGE_B = ["edge-b-0"];
const SEARCH = "gate\\.allow$";

/** About api's flows to db. */
function flowPolicy(rest: string): string {
  return `
apiVersion: sallyport.dev/v1alpha1
kind: FlowPolicy
metadata: { name: to-db }
spec:
  overlay: shop
  priority: 10
  subject: { namespaceSelector: {}, podSelector: { matchLabels: { app: db } } }
  from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: api } } }]
  ${rest}
`;
}

let folder: string;
let shop: Shop;

const reaches = async () => (await shop.actor("api").play("probeTcp", DB, 5432)).reached;

/** How many flows each gateway let on while one flow of api reached db. */
async function passed(): Promise<readonly [number, number]> {
  const count = async () => [await shop.run.total(EDGE_A, SEARCH), await shop.run.total(EDGE_B, SEARCH)] as const;
  const before = await count();
  expect(await reaches()).toBe(true);
  const after = await count();
  return [after[0] - before[0], after[1] - before[1]];
}

describeLab(labSupport, "a FlowPolicy in a running shop", () => {
  jest.setTimeout(90_000);

  let before: Record<string, number>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sallyport-test-"));
    shop = await Shop.open(folder, { files: { ...shopFiles(), "flow.yaml": "# nothing yet\n" } });
    before = shop.run.pids();
  });

  afterAll(async () => {
    const left = await shop?.close();
    await rm(folder, { recursive: true, force: true });
    expect(left).toEqual([]);
  });

  test("sends what it allows through the gateways that it names, and cuts what went another way", async () => {
    expect(await passed()).toEqual([1, 1]);
    expect(await shop.actor("api").play("openFlow", "live", DB, 5432)).toBe(true);
    await shop.run.apply("flow.yaml", () => flowPolicy("action: Allow\n  via: [edge-b]"));
    const { alive } = await shop.actor("api").play("reportFlow", "live");
    if (alive)
      await until(async () => !(await shop.actor("api").play("reportFlow", "live")).alive, "the flow to be cut");
    expect(await passed()).toEqual([0, 1]);
    expect(shop.run.pids()).toEqual(before);
  });

  test("that names a gateway which isn't there changes nothing, and is named with its field", async () => {
    const from = shop.run.said.length;
    await shop.run.edit("flow.yaml", () => flowPolicy("action: Allow\n  via: [edge-x]"));
    await shop.run.says("the last good state stays in force", 10_000, from);
    await shop.run.says(/flow\.yaml.*spec\.via\[0\].*edge-x/s, 10_000, from);
    expect(await passed()).toEqual([0, 1]);
    await shop.run.apply("flow.yaml", () => "# nothing again\n");
    expect(await passed()).toEqual([1, 1]);
  });

  test("that is audited denies nothing; what it would deny is counted and logged", async () => {
    await shop.run.apply("flow.yaml", () => flowPolicy("action: Deny\n  enforcement: Audit"));
    expect(await reaches()).toBe(true);
    expect(await shop.run.total(GATEWAYS, "gate\\.audit-deny$")).toBe(2);
    const line = /gate audit would=deny source=10\.77\.0\.12 destination=10\.77\.0\.13:5432 rule="FlowPolicy to-db"/;
    await until(async () => line.test(await shop.run.log("edge-b-0")), "the gateway to log it");
    await shop.run.apply("flow.yaml", () => flowPolicy("action: Deny"));
    expect(await reaches()).toBe(false);
  });

  test("of an overlay that audits denies nothing either, and an unstamped flow still gets nowhere", async () => {
    const web = async () => (await shop.actor("web").play("probeTcp", DB, 5432)).reached;
    expect(await web()).toBe(false);
    await shop.run.apply("overlay.yaml", (text) => text.replace("spec:", "spec:\n  enforcement: Audit"));
    expect(await reaches()).toBe(true);
    expect(await web()).toBe(true);
    const log = await shop.run.log("edge-b-0");
    expect(log).toMatch(
      /gate audit would=deny source=10\.77\.0\.11 destination=10\.77\.0\.13:5432 rule="NetworkPolicy/,
    );
    await shop.run.apply("overlay.yaml", (text) => text.replace("enforcement: Audit", "enforcement: Enforce"));
    expect(await web()).toBe(false);
  });
});
