import { inspect } from "node:util";
import { expect, test } from "@jest/globals";
import { type MasterSecret, masterSecret } from "../../controller/kube/master-secret.ts";
import type { ApiServer } from "./api-server.ts";
import { withClient } from "./cluster.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const SECRETS = "/api/v1/namespaces/default/secrets";

const bytesOf = (found: MasterSecret) => Buffer.from("key" in found ? found.key.reveal() : []).toString("hex");

describeWithApiServer("the Secret with an overlay's master key", (server) => {
  const keyOf = (overlay: string, random?: (length: number) => Uint8Array) =>
    withClient(server(), {}, (client) => masterSecret(client, "default", overlay, random));

  test("is made once, also by several at once, and can't be changed", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => keyOf("shop")));
    const again = await keyOf("shop", () => new Uint8Array(32));
    expect([bytesOf(again).length, new Set([...all, again].map(bytesOf)).size]).toEqual([64, 1]);
    const edit = { data: { "master.key": Buffer.alloc(32, 1).toString("base64") } };
    const { status } = await server().ask("PATCH", `${SECRETS}/sallyport-shop`, edit, "application/merge-patch+json");
    expect([status, bytesOf(await keyOf("shop"))]).toEqual([422, bytesOf(again)]);
  });

  test("differs from overlay to overlay, and isn't shown", async () => {
    const [a, b] = [await keyOf("a"), await keyOf("b")];
    expect(bytesOf(a)).not.toBe(bytesOf(b));
    expect([inspect(a), JSON.stringify(a)]).toEqual(["{ key: [secret] }", '{"key":"[secret]"}']);
  });

  test.each([0, 31, 33])("is refused and kept when it holds %d bytes", async (length) => {
    const name = `sallyport-odd-${length}`;
    const data = { "master.key": Buffer.alloc(length, 7).toString("base64") };
    await server().ask("POST", SECRETS, { metadata: { name }, data });
    const problem = expect.stringContaining(`Secret default/${name} holds ${length} bytes in master.key`);
    expect(await keyOf(`odd-${length}`)).toEqual({ problem });
    expect((await server().ask("GET", `${SECRETS}/${name}`)).body.data).toEqual(data);
  });

  test("is a problem with a name where it may not be read or made", async () => {
    const token = await tokenOf(server(), "nobody");
    const found = await withClient(server(), { token }, (client) => masterSecret(client, "default", "shop"));
    expect(found).toEqual({
      problem: expect.stringMatching(/^Secret default\/sallyport-shop can't be read: .*forbidden/),
    });
    const elsewhere = await withClient(server(), {}, (client) => masterSecret(client, "nowhere", "shop"));
    expect(elsewhere).toEqual({ problem: "Secret nowhere/sallyport-shop can't be made: status 404" });
    expect(await keyOf("x".repeat(253))).toEqual({ problem: expect.stringContaining("too long") });
  });
});

async function tokenOf(server: ApiServer, name: string): Promise<string> {
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  await server.ask("POST", accounts, { metadata: { name } });
  const { body } = await server.ask("POST", `${accounts}/${name}/token`, { spec: {} });
  return body.status.token;
}
