import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HEALTH_PORT } from "../../controller/model/ports.ts";
import { until } from "../until.ts";
import type { Replica } from "./replica.ts";
import { ShopCluster } from "./shop-cluster.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const PODS = 1000;
/** Made by so many at once. */
const MAKERS = 8;

describeWithApiServer("the controller with a thousand pods", (server) => {
  let cluster: ShopCluster;
  let replica: Replica;

  beforeAll(async () => {
    cluster = await ShopCluster.open(server());
    replica = await cluster.startReplica();
    await cluster.untilLed(replica);
    const numbers = Array.from({ length: PODS }, (_, i) => i).values();
    const maker = async () => {
      for (const i of numbers) await cluster.makePod(`p${i}`, addressOf(i));
    };
    await Promise.all(Array.from({ length: MAKERS }, maker));
  }, 180_000);
  afterAll(() => cluster?.close());

  test("has an image for each, and for one more within moments of its creation", async () => {
    const nodes = async () => {
      const text = await (await fetch(`http://${replica.host}:${HEALTH_PORT}/metrics`)).text();
      return Number(/^sallyport_nodes\{overlay="shop"\} (\d+)$/m.exec(text)?.[1]);
    };
    await until(async () => (await nodes()) === PODS + 1, "all nodes", 30_000);
    const took: number[] = [];
    for (let i = PODS; i < PODS + 10; i++) {
      const began = Date.now();
      const node = await cluster.makePod(`p${i}`, addressOf(i));
      await until(async () => (await cluster.image(replica, node, addressOf(i))).status === 200, "its image");
      took.push(Date.now() - began);
    }
    took.sort((a, b) => a - b);
    console.info(`from the request to make a pod to its image: median ${took[5]} ms, longest ${took.at(-1)} ms`);
    expect(took[5]).toBeLessThan(1000);
  }, 60_000);

  test("takes over with all of them", async () => {
    const standby = await cluster.startReplica();
    await until(async () => /^200/.test(await ready(standby)), "the standby to be ready", 30_000);
    await replica.end();
    const began = Date.now();
    const node = await cluster.makePod("after", addressOf(PODS + 20));
    await until(
      async () => (await cluster.image(standby, node, addressOf(PODS + 20))).status === 200,
      "the image",
      20_000,
    );
    console.info(`served ${Date.now() - began} ms after the leader ended`);
  }, 60_000);
});

function addressOf(i: number): string {
  return `127.10.${i >> 8}.${i & 255}`;
}

async function ready({ host }: Replica): Promise<string> {
  const answer = await fetch(`http://${host}:${HEALTH_PORT}/readyz`).catch(() => undefined);
  return answer === undefined ? "" : `${answer.status} ${await answer.text()}`;
}
