import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HEALTH_PORT } from "../../controller/model/ports.ts";
import { until } from "../until.ts";
import { CONTROLLER_IDENTITY, type Replica, writeCertificate } from "./replica.ts";
import { ShopCluster } from "./shop-cluster.ts";
import { describeWithApiServer } from "./with-api-server.ts";

describeWithApiServer("two replicas of the controller", (server) => {
  let cluster: ShopCluster;
  let first: Replica;
  let second: Replica;
  let web: string;
  let newest = 0n;

  beforeAll(async () => {
    cluster = await ShopCluster.open(server());
    web = await cluster.makePod("web-1", "127.9.0.1");
    first = await cluster.startReplica();
    await cluster.untilLed(first);
    second = await cluster.startReplica();
    await until(async () => (await ready(second)).startsWith("200"), "the standby to be ready", 30_000);
  }, 90_000);
  afterAll(() => cluster?.close());

  /** Status 0: it serves no images. */
  const image = (replica: Replica) => cluster.image(replica, web, "127.9.0.1");

  /** A newer image than all before it. */
  const newerImage = async (replica: Replica) => {
    const { status, generation = "0" } = await image(replica);
    expect([status, BigInt(generation) > newest]).toEqual([200, true]);
    newest = BigInt(generation);
  };

  test("have one leader, which alone serves images", async () => {
    await newerImage(first);
    expect((await image(second)).status).toBe(0);
  });

  test("succeed each other within seconds when the leader is killed, with newer generations", async () => {
    const began = Date.now();
    await first.end("SIGKILL");
    await until(async () => (await image(second)).status === 200, "images from the second", 20_000);
    await cluster.untilLed(second);
    console.info(`took over ${Date.now() - began} ms after the leader was killed`);
    await newerImage(second);
    first = await cluster.startReplica();
    await until(async () => (await ready(first)).startsWith("200"), "the new standby to be ready", 30_000);
  }, 90_000);

  test("leave the lead to another after a pause", async () => {
    second.pause();
    await until(async () => (await image(first)).status === 200, "images from the first", 20_000);
    await newerImage(first);
    second.resume();
    await until(async () => (await image(second)).status === 0, "the second to stop serving");
    await cluster.untilLed(first);
    await until(() => second.lines.at(-1)?.includes("leads no more") === true, "the second to say so");
    first.pause();
    await until(async () => (await image(second)).status === 200, "images from the second", 20_000);
    await newerImage(second);
    first.resume();
    await cluster.untilLed(second);
  }, 90_000);

  test("succeed each other at once when the leader is told to end", async () => {
    const began = Date.now();
    expect(await second.end()).toBe(0);
    await until(async () => (await image(first)).status === 200, "images from the first", 20_000);
    const tookMs = Date.now() - began;
    console.info(`took over ${tookMs} ms after the leader was told to end`);
    expect(tookMs).toBeLessThan(6000);
    await cluster.untilLed(first);
    await newerImage(first);
  }, 60_000);

  test("serve nothing while the API server is away, and lose nothing of what happens until it is back", async () => {
    await server().crash();
    await until(async () => (await image(first)).status === 0, "the leader to stop serving", 20_000);
    expect(await ready(first)).toMatch(/^200/);
    await server().resume();
    const late = await cluster.makePod("web-2", "127.9.0.2");
    await until(async () => (await cluster.image(first, late, "127.9.0.2")).status === 200, "the new pod", 30_000);
    await newerImage(first);
  }, 90_000);

  test("show a renewed certificate without a restart", async () => {
    await writeCertificate(first.certificates, await cluster.authority.issue(CONTROLLER_IDENTITY));
    const said = () => first.lines.filter((line) => line.includes("the certificate is valid until")).length;
    await until(() => said() === 2, "the renewal");
    expect((await image(first)).status).toBe(200);
  });

  test("don't lead with a certificate that has ended, and do again with a new one", async () => {
    await writeCertificate(first.certificates, await cluster.issueFor(CONTROLLER_IDENTITY, 3000));
    await until(async () => /^503 .*certificate .*ended at 20/.test(await ready(first)), "its end to be seen", 20_000);
    await until(() => first.lines.at(-1)?.includes("leads no more in term") === true, "the leader to step down");
    await writeCertificate(first.certificates, await cluster.authority.issue(CONTROLLER_IDENTITY));
    await until(async () => (await image(first)).status === 200, "images again", 30_000);
    await newerImage(first);
  }, 60_000);

  test("don't take a certificate of somebody else, and say whose it is", async () => {
    const other = "spiffe://cluster.local/ns/shop/sa/web";
    await writeCertificate(first.certificates, await cluster.authority.issue(other));
    await until(
      () => first.lines.some((line) => line.includes(`the certificate is that of ${other}`)),
      "the complaint",
    );
    expect((await image(first)).status).toBe(200);
  });
});

async function ready({ host }: Replica): Promise<string> {
  const answer = await fetch(`http://${host}:${HEALTH_PORT}/readyz`).catch(() => undefined);
  return answer === undefined ? "" : `${answer.status} ${await answer.text()}`;
}
