/** The shop on real Envoys: who reaches whom, and every attack that we know of, each refused for its reason. */
import { lstatSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type Loot, loot } from "../../controller/demo/attacks.ts";
import { makeStamp } from "../../controller/demo/forger.ts";
import { adminGet } from "../../controller/node/admin.ts";
import { describeLab, labSupport } from "../node/lab-program.ts";
import { until } from "../until.ts";
import { attemptNamed, expectedOf, namesOf, tried } from "./attempts.ts";
import { API, DB, GATEWAYS, PEOPLE, Shop, shopWithKeys, WEB } from "./shop.ts";
import { isKeyFile, leaks, openToOthers, pathsBelow, spellings, storedSecrets } from "./state-folder.ts";

let folder: string;
let shop: Shop;
let stolen: Loot;

describeLab(labSupport, "the shop", () => {
  jest.setTimeout(90_000);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sallyport-test-"));
    shop = await Shop.open(folder, { files: shopWithKeys(3600, 1) });
    stolen = await loot(shop);
  });

  afterAll(async () => {
    const left = await shop?.close();
    await rm(folder, { recursive: true, force: true });
    expect(left).toEqual([]);
  });

  const APPS = [
    { to: "web", host: WEB, port: 8080, protocol: "probeHttp" },
    { to: "api", host: API, port: 8080, protocol: "probeHttp" },
    { to: "db", host: DB, port: 5432, protocol: "probeTcp" },
  ] as const;
  /** By hand, from what the shop's policies say in words. */
  const REACHED = { web: ["web", "api"], api: ["api", "db"], db: ["db"], intruder: [] as string[] };
  const pairs = PEOPLE.flatMap((from) =>
    APPS.map((app) => ({ from, ...app, reached: REACHED[from].includes(app.to) })),
  );

  test.each(pairs)(
    "lets $from reach $to at $host:$port: $reached",
    async ({ from, host, port, protocol, to, reached }) => {
      const seen = await shop.actor(from).play(protocol, host, port);
      expect(seen).toMatchObject(reached ? { reached, saw: to } : { reached });
    },
  );

  test("lets api through to db by the tools that the attacks are made with", async () => {
    const attack = {
      tls: shop.tls("api"),
      proxy: "10.78.0.2:15042",
      authority: `${DB}:5432`,
      stamp: makeStamp(stolen.own.api),
    };
    expect(await tried(shop, { name: "", from: "api", attack, reason: "" })).toEqual({
      through: true,
      why: "db allow, edge-a-0 allow, edge-b-0 allow",
    });
  });

  test.each(namesOf(false))("refuses $name: $reason", async ({ name }) => {
    const attempt = attemptNamed(shop, stolen, name);
    expect(await tried(shop, attempt)).toEqual({ through: false, why: expectedOf(attempt) });
  });

  test("logs for operators who was refused what, and by which rule", async () => {
    await tried(shop, attemptNamed(shop, stolen, "its own valid stamp, but no policy allows it"));
    expect(await shop.run.log("edge-a-0")).toContain(
      "sallyport gate refused reason=policy-ingress peer=spiffe://shop.example/ns/guest/sa/intruder " +
        'peer-address=10.77.0.66 destination=10.77.0.13:5432 source=10.77.0.66 rule="NetworkPolicy data/db"',
    );
  });

  test("gives a node's image to nobody else, and says to whom it didn't and why", async () => {
    const image = await shop.actor("intruder").play("steal", shop.tls("intruder"), shop.control, shop.ids.db);
    expect(image).toBe("");
    await shop.run.says(
      "refused an image request of spiffe://shop.example/ns/guest/sa/intruder at 10.77.0.66 " +
        `for node ${shop.ids.db}: reason=other-node (the image is that of a node with another SPIFFE id)`,
    );
  });

  test("sends what is for an address of the overlay that nobody has on directly, where it gets no answer", async () => {
    const before = await shop.run.total(["api"], "sallyport\\.stamp\\.direct$");
    expect(await shop.actor("api").play("probeTcp", "10.77.0.99", 8080)).toMatchObject({ reached: false });
    expect(await shop.run.total(["api"], "sallyport\\.stamp\\.direct$")).toBe(before + 1);
  });

  test("passes no header of a peer that is named like ours on to the next hop", async () => {
    await shop.run.post("edge-b-0", "/logging?http=debug");
    const headers = { "sallyport-hop": "10.77.0.13:1", "sallyport-other": "mine", "x-other": "passed-on" };
    const own = { tls: shop.tls("api"), proxy: "10.78.0.2:15042", authority: `${DB}:5432` };
    const attack = { ...own, stamp: makeStamp(stolen.own.api), headers };
    expect(await shop.actor("api").play("attack", attack)).toMatchObject({ through: true });
    await until(async () => (await shop.run.log("edge-b-0")).includes("passed-on"), "edge-b to log the request");
    await shop.run.post("edge-b-0", "/logging?http=warning");
    const log = await shop.run.log("edge-b-0");
    expect(new Set(log.match(/'sallyport-[a-z-]+'/g))).toEqual(new Set(["'sallyport-stamp'"]));
    expect(log).not.toContain(attack.stamp);
  });

  test("keeps everything in the state folder from other users", async () => {
    const paths = await pathsBelow(shop.run.state);
    expect(paths.length).toBeGreaterThan(50);
    expect(await openToOthers([shop.run.state, ...paths])).toEqual([]);
  });

  test("shows no secret in logs, bootstraps, admin pages or what the controller says", async () => {
    const paths = await pathsBelow(shop.run.state);
    const keys = await Promise.all([...PEOPLE, "edge-a-0", "edge-b-0"].map((node) => shop.keysOf(node)));
    const secrets = [
      ...keys.flat().flatMap((key) => spellings(Buffer.from(key, "hex"))),
      ...(await storedSecrets(paths)),
    ];
    expect(secrets.length).toBeGreaterThan(200);
    const texts = new Map([["the controller", shop.run.said]]);
    for (const path of paths.filter((path) => !isKeyFile(path) && lstatSync(path).isFile())) {
      texts.set(path, await readFile(path, "latin1"));
    }
    for (const node of [...PEOPLE, ...GATEWAYS]) {
      for (const page of ["/config_dump", "/stats", "/certs", "/clusters"]) {
        const { status, body } = await adminGet(join(shop.run.nodeFolder(node), "admin.sock"), page);
        expect(status).toBe(200);
        texts.set(`${node}${page}`, body);
      }
    }
    expect(leaks(texts, secrets)).toEqual([]);
    expect(leaks(new Map([["a control", `${secrets[0]} ${secrets.at(-1)}`]]), secrets)).toEqual(["a control"]);
  });

  test("tells with `sallyport status` what runs, and runs commands in nodes", async () => {
    const status = await shop.run.command("status", "--output", "json");
    const nodes = JSON.parse(status.stdout) as { node: string; ready: boolean }[];
    expect(nodes.map(({ node, ready }) => `${node} ${ready}`)).toEqual(
      [...GATEWAYS, ...PEOPLE].sort().map((node) => `${node} true`),
    );
    const exec = await shop.run.command("exec", "web", "--", "sh", "-c", "ip -o -4 addr show eth0; exit 5");
    expect(exec).toMatchObject({ code: 5, stdout: expect.stringContaining(`${WEB}/32`) });
  });

  test("refuses a second controller in the same state folder", async () => {
    const { code, stderr } = await shop.run.command("up", "-f", shop.run.resources);
    expect({ code, said: /process [0-9]+ runs in .* already/.test(stderr) }).toEqual({ code: 2, said: true });
  });

  describe("from a node whose root has thrown the guard away", () => {
    beforeAll(() => shop.run.inNode("intruder", ["nft", "delete", "table", "inet", "sallyport"]));

    test.each(namesOf(true))("refuses $name: $reason", async ({ name }) => {
      const attempt = attemptNamed(shop, stolen, name);
      expect(await tried(shop, attempt)).toEqual({ through: false, why: expectedOf(attempt) });
    });

    test.each([`${DB}:5432`, `${API}:8080`, `${DB}:15041`, "10.78.0.2:15041"])(
      "refuses what goes straight to %s",
      async (authority) => {
        const saw = await shop.actor("intruder").play("attack", { tls: shop.tls("intruder"), authority });
        expect(saw).toEqual({ through: false, saw: expect.stringContaining("ECONNREFUSED") });
      },
    );
  });
});
