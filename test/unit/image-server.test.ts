import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Authority, type Issued } from "../../controller/serve/authority.ts";
import { ImageServer, type ImageServerOptions } from "../../controller/serve/image-server.ts";
import type { NodeImage } from "../../controller/serve/published.ts";
import type { Refusal } from "../../controller/serve/refusal.ts";
import { withFolder } from "../folder.ts";
import { until } from "../until.ts";
import { ImageClient, pollPath } from "./image-client.ts";

const WEB = "0000000000000001";
const API = "0000000000000002";
const TWIN = "0000000000000003";
const id = (name: string) => `spiffe://sallyport.local/ns/shop/sa/${name}`;
const HOUR = 3_600_000;

let authority: Authority;
let foreign: Authority;
const certificates = new Map<string, Issued>();
const time = Date.now();

beforeAll(() =>
  withFolder(async (folder) => {
    const clock = { now: () => time };
    authority = await Authority.open({ folder: `${folder}/own`, clock });
    foreign = await Authority.open({ folder: `${folder}/foreign`, clock });
    for (const name of ["controller", "web", "api", "twin"]) certificates.set(name, await authority.issue(id(name)));
  }),
);

function certificate(name: string): Issued {
  return certificates.get(name) as Issued;
}

function image(name: string, generation: bigint, ...parts: string[]): NodeImage {
  return { identity: id(name), addresses: ["127.0.0.1"], generation, parts: parts.map((text) => Buffer.from(text)) };
}

interface Fixture {
  readonly server: ImageServer;
  readonly port: number;
  readonly clock: { time: number };
  /** What the events said, in order. */
  readonly said: string[];
  connect(name: string, localAddress?: string): Promise<ImageClient>;
}

async function withServer(
  options: Partial<ImageServerOptions>,
  use: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  const clock = { time, now: () => clock.time };
  const said: string[] = [];
  const events = {
    acknowledged: (node: string, one: { worker: string; generation: bigint }) =>
      said.push(`${node} ${one.worker} ${one.generation}`),
    refused: (refusal: Refusal, peer: string, detail: string, times: number) =>
      said.push(`${refusal}: ${peer}, ${detail}, ${times}`),
  };
  const server = new ImageServer({ certificate: certificate("controller"), clock, events, ...options });
  const port = await server.listen("127.0.0.1", 0);
  const clients: ImageClient[] = [];
  const connect = async (name: string, localAddress?: string) => {
    const client = await ImageClient.connect(port, authority.root, certificate(name), localAddress);
    clients.push(client);
    return client;
  };
  try {
    await use({ server, port, clock, said, connect });
  } finally {
    for (const client of clients) client.close();
    await server.close();
  }
}

describe("image server", () => {
  test("gives a node its image", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 7n, "first ", "second")]]));
      const answer = await (await connect("web")).get(pollPath(WEB));
      expect(answer).toEqual({ status: 200, generation: "7", body: Buffer.from("first second") });
    }));

  test("gives a large image whole", () =>
    withServer({}, async ({ server, connect }) => {
      const bytes = randomBytes(20_000_000);
      const parts = [bytes.subarray(0, 1), bytes.subarray(1, 7_000_000), bytes.subarray(7_000_000)];
      server.publish(new Map([[WEB, { ...image("web", 1n), parts }]]));
      const { body } = await (await connect("web")).get(pollPath(WEB));
      const digest = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
      expect([body.length, digest(body)]).toEqual([bytes.length, digest(bytes)]);
    }));

  test("renders an image once for all workers that it wakes", () =>
    withServer({}, async ({ server, connect }) => {
      let rendered = 0;
      const parts = () => [Buffer.from(`rendering ${++rendered}`)];
      server.publish(new Map([[WEB, image("web", 1n)]]));
      const client = await connect("web");
      const answers = ["a", "b", "c"].map((worker) => client.get(pollPath(WEB, 1, worker)));
      await until(() => server.status().polls === 3, "polls to wait");
      server.publish(new Map([[WEB, { ...image("web", 2n), parts }]]));
      expect((await Promise.all(answers)).map(({ body }) => body.toString())).toEqual(Array(3).fill("rendering 1"));
    }));

  test("wakes the polls of nodes whose image changed, and no others", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(
        new Map([
          [WEB, image("web", 1n)],
          [API, image("api", 1n)],
        ]),
      );
      const web = (await connect("web")).get(pollPath(WEB, 1));
      (await connect("api")).get(pollPath(API, 1));
      await until(() => server.status().polls === 2, "polls to wait");
      server.publish(
        new Map([
          [WEB, image("web", 2n, "new")],
          [API, image("api", 1n)],
        ]),
      );
      expect(await web).toEqual({ status: 200, generation: "2", body: Buffer.from("new") });
      expect(server.status().polls).toBe(1);
    }));

  test("answers 204 when there is no news", () =>
    withServer({ pollMs: 30 }, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 3n)]]));
      expect(await (await connect("web")).get(pollPath(WEB, 3))).toMatchObject({ status: 204, generation: undefined });
    }));

  test.each([
    { have: 4, status: 204 },
    { have: 3, status: 204 },
    { have: 2, status: 200 },
    { have: 0, status: 200 },
  ])("answers a node that has $have of 3 with $status", ({ have, status }) =>
    withServer({ pollMs: 30 }, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 3n)]]));
      expect((await (await connect("web")).get(pollPath(WEB, have))).status).toBe(status);
    }),
  );

  test("tells generations of 64 bits apart", () =>
    withServer({ pollMs: 30 }, async ({ server, connect }) => {
      const top = 2n ** 64n - 1n;
      server.publish(new Map([[WEB, image("web", top)]]));
      const client = await connect("web");
      expect((await client.get(pollPath(WEB, top - 1n))).generation).toBe(String(top));
      expect((await client.get(pollPath(WEB, top))).status).toBe(204);
    }));

  const strangers = [
    { name: "another node's certificate", as: "api", node: WEB, status: 403, reason: "other-node" },
    { name: "a node that isn't there", as: "web", node: "00000000000000ff", status: 404, reason: "unknown-node" },
  ] as const;
  test.each(strangers)("refuses $name", ({ as, node, status, reason }) =>
    withServer({}, async ({ server, connect, said }) => {
      server.publish(
        new Map([
          [WEB, image("web", 1n)],
          [API, image("api", 1n)],
        ]),
      );
      expect(await (await connect(as)).get(pollPath(node))).toMatchObject({ status, body: Buffer.alloc(0) });
      expect(said).toEqual([`${reason}: ${id(as)} at 127.0.0.1, node ${node}, 1`]);
      expect(server.status().refusals).toEqual({ [reason]: 1 });
    }),
  );

  test("says the first, second, fourth and eighth of many refusals, and counts all", () =>
    withServer({}, async ({ server, connect, said }) => {
      server.publish(new Map([[API, image("api", 1n)]]));
      const client = await connect("web");
      for (let i = 0; i < 9; i++) await client.get(pollPath(i.toString(16).padStart(16, "f")));
      expect(said.map((line) => Number(/, ([0-9]+)$/.exec(line)?.[1]))).toEqual([1, 2, 4, 8]);
      expect(server.status().refusals).toEqual({ "unknown-node": 9 });
      await (await connect("twin")).get(pollPath(WEB));
      expect(said.at(-1)).toBe(`unknown-node: ${id("twin")} at 127.0.0.1, node ${WEB}, 1`);
    }));

  test("tells nodes of one identity apart by address", () =>
    withServer({}, async ({ server, connect }) => {
      const twin = (generation: bigint, address: string) => ({ ...image("twin", generation), addresses: [address] });
      server.publish(
        new Map([
          [WEB, twin(1n, "127.0.0.1")],
          [TWIN, twin(2n, "127.0.0.2")],
        ]),
      );
      const [one, two] = [await connect("twin"), await connect("twin", "127.0.0.2")];
      const statuses = [
        one.get(pollPath(WEB)),
        one.get(pollPath(TWIN)),
        two.get(pollPath(WEB)),
        two.get(pollPath(TWIN)),
      ];
      expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([200, 403, 403, 200]);
      expect(server.status().refusals).toEqual({ "other-address": 2 });
    }));

  test("takes an identity that only one node has from any address", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 1n)]]));
      expect((await (await connect("web", "127.0.0.9")).get(pollPath(WEB))).status).toBe(200);
    }));

  test("takes a pod's identity from its own addresses only, also when no other node has it", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, { ...image("web", 1n), addresses: ["127.0.0.8"], onlyFromAddresses: true }]]));
      const statuses = ["127.0.0.9", "127.0.0.8"].map(async (from) => (await connect("web", from)).get(pollPath(WEB)));
      expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([403, 200]);
    }));

  test("is unavailable before the first publication", () =>
    withServer({}, async ({ server, connect }) => {
      expect((await (await connect("web")).get(pollPath(WEB))).status).toBe(503);
      expect(server.status().refusals).toEqual({ "nothing-published": 1 });
    }));

  test("ends the wait of a node that is no longer there", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 1n)]]));
      const answer = (await connect("web")).get(pollPath(WEB, 1));
      await until(() => server.status().polls === 1, "the poll to wait");
      server.publish(new Map());
      expect((await answer).status).toBe(404);
      expect(server.status().refusals).toEqual({ "unknown-node": 1 });
      expect(server.programmed(WEB)).toEqual({ workers: 0, current: 0 });
    }));

  test("says that an image cannot be rendered, and serves the others", () =>
    withServer({}, async ({ server, connect, said }) => {
      const parts = () => {
        throw new Error("no key");
      };
      server.publish(
        new Map([
          [WEB, { ...image("web", 1n), parts }],
          [API, image("api", 1n)],
        ]),
      );
      expect((await (await connect("web")).get(pollPath(WEB))).status).toBe(500);
      expect((await (await connect("api")).get(pollPath(API))).status).toBe(200);
      expect(said[1]).toBe(`image-broken: ${id("web")} at 127.0.0.1, node ${WEB}, Error: no key, 1`);
      expect(server.status().refusals).toEqual({ "image-broken": 1 });
    }));
});

describe("acknowledgement", () => {
  test("counts the workers that run the current image", () =>
    withServer({}, async ({ server, connect, said }) => {
      const images = new Map([[WEB, image("web", 5n)]]);
      server.publish(images);
      const client = await connect("web");
      expect(server.programmed(WEB)).toEqual({ workers: 0, current: 0 });
      await Promise.all(["a", "b"].map((worker) => client.get(pollPath(WEB, 0, worker))));
      expect(server.programmed(WEB)).toEqual({ workers: 2, current: 0 });
      client.get(pollPath(WEB, 5, "a"));
      await until(() => server.programmed(WEB).current === 1, "one acknowledgement");
      client.get(pollPath(WEB, 5, "b"));
      await until(() => server.programmed(WEB).current === 2, "both acknowledgements");
      expect(said).toEqual([`${WEB} a 0`, `${WEB} b 0`, `${WEB} a 5`, `${WEB} b 5`]);
      server.publish(new Map([[WEB, image("web", 6n)]]));
      expect(server.programmed(WEB)).toEqual({ workers: 2, current: 0 });
    }));

  test("tells the replicas of a node apart by their addresses", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 5n)]]));
      await (await connect("web")).get(pollPath(WEB, 0, "a"));
      expect(server.programmed(WEB, ["127.0.0.1"])).toEqual({ workers: 1, current: 0 });
      expect(server.programmed(WEB, ["127.0.0.2"])).toEqual({ workers: 0, current: 0 });
    }));

  test("forgets a worker that has been silent for two polls", () =>
    withServer({ pollMs: 1000 }, async ({ server, connect, clock }) => {
      server.publish(new Map([[WEB, image("web", 5n)]]));
      await (await connect("web")).get(pollPath(WEB));
      clock.time += 2000;
      expect(server.programmed(WEB).workers).toBe(1);
      clock.time += 1;
      expect(server.programmed(WEB).workers).toBe(0);
    }));

  test("keeps a worker that waits, however long", () =>
    withServer({}, async ({ server, connect, clock }) => {
      server.publish(new Map([[WEB, image("web", 5n)]]));
      (await connect("web")).get(pollPath(WEB, 5));
      await until(() => server.status().polls === 1, "the poll to wait");
      clock.time += HOUR / 2;
      expect(server.programmed(WEB)).toEqual({ workers: 1, current: 1 });
    }));

  test("forgets a worker that was answered before its connection went away", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 5n)]]));
      const [stays, goes] = [await connect("web"), await connect("web")];
      await stays.get(pollPath(WEB, 0, "a"));
      await goes.get(pollPath(WEB, 0, "b"));
      expect(server.programmed(WEB).workers).toBe(2);
      goes.close();
      await until(() => server.programmed(WEB).workers === 1, "the worker to be forgotten");
    }));

  test("forgets a worker whose connection went away", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 5n)]]));
      const client = await connect("web");
      client.get(pollPath(WEB, 5));
      await until(() => server.status().polls === 1, "the poll to wait");
      client.close();
      await until(() => server.programmed(WEB).workers === 0, "the worker to be forgotten");
      expect(server.status().polls).toBe(0);
    }));
});

describe("image server under strain", () => {
  test("wakes a thousand polls", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 1n)]]));
      const clients = await Promise.all(Array.from({ length: 10 }, () => connect("web")));
      const answers = clients.flatMap((client, c) =>
        Array.from({ length: 100 }, (_, i) => client.get(pollPath(WEB, 1, (c * 100 + i).toString(16)))),
      );
      await until(() => server.status().polls === 1000, "polls to wait");
      server.publish(new Map([[WEB, image("web", 2n, "new")]]));
      const bodies = (await Promise.all(answers)).map(({ body }) => body.toString());
      expect(bodies).toEqual(Array(1000).fill("new"));
      expect(server.status()).toMatchObject({ polls: 0, answers: { 200: 1000 } });
    }));

  test("turns the oldest poll of a node away when there are too many", () =>
    withServer({ maxPollsPerNode: 2 }, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 1n)]]));
      const client = await connect("web");
      const first = client.get(pollPath(WEB, 1, "a"));
      for (const worker of ["b", "c"]) client.get(pollPath(WEB, 1, worker));
      expect((await first).status).toBe(429);
      expect(server.status().refusals).toEqual({ "too-many-polls": 1 });
      expect(server.status().polls).toBe(2);
    }));

  test("turns new polls away when it holds as many as it can", () =>
    withServer({ maxPolls: 1 }, async ({ server, connect }) => {
      server.publish(
        new Map([
          [WEB, image("web", 1n)],
          [API, image("api", 1n)],
        ]),
      );
      (await connect("web")).get(pollPath(WEB, 1));
      await until(() => server.status().polls === 1, "the poll to wait");
      expect((await (await connect("api")).get(pollPath(API, 1))).status).toBe(503);
      expect(server.status().refusals).toEqual({ "too-busy": 1 });
    }));

  test("forgets polls that were given up", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 1n)]]));
      const client = await connect("web");
      for (let i = 0; i < 50; i++) await client.abandon(pollPath(WEB, 1));
      await until(() => server.status().polls === 0, "polls to be forgotten");
    }));

  const malformed = [
    { name: "another path", path: "/v1/nodes" },
    { name: "a node id with capitals", path: pollPath("00000000000000AB") },
    { name: "a node id of 15 digits", path: pollPath("000000000000001") },
    { name: "a node id of 17 digits", path: pollPath("00000000000000001") },
    { name: "a path that climbs", path: "/v1/nodes/../nodes/0000000000000001/image?have=0&worker=a" },
    { name: "no parameters", path: `/v1/nodes/${WEB}/image` },
    { name: "an empty generation", path: pollPath(WEB, "") },
    { name: "a negative generation", path: pollPath(WEB, -1) },
    { name: "a generation with a leading zero", path: pollPath(WEB, "01") },
    { name: "a generation of 2^64", path: pollPath(WEB, 2n ** 64n) },
    { name: "an empty worker", path: pollPath(WEB, 0, "") },
    { name: "a worker of 33 digits", path: pollPath(WEB, 0, "a".repeat(33)) },
    { name: "a worker that isn't hex", path: pollPath(WEB, 0, "g") },
    { name: "a parameter too many", path: `${pollPath(WEB)}&x=1` },
    { name: "another method", path: pollPath(WEB), extra: { ":method": "POST" } },
  ];
  test.each(malformed)("refuses $name", ({ path, extra }) =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 1n)]]));
      expect((await (await connect("web")).get(path, extra)).status).toBe(400);
      expect(server.status().refusals).toEqual({ "malformed-request": 1 });
    }),
  );

  test("takes generations and workers of every length that they may have", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 2n ** 64n - 1n)]]));
      const path = pollPath(WEB, 18_446_744_073_709_551_614n, "f".repeat(32));
      expect((await (await connect("web")).get(path)).status).toBe(200);
    }));

  test("lives on when a peer sends headers without end", () =>
    withServer({}, async ({ server, connect }) => {
      server.publish(new Map([[WEB, image("web", 1n)]]));
      const client = await connect("web");
      const { status } = await client
        .get(pollPath(WEB), { "x-filler": "x".repeat(100_000) })
        .catch(() => ({ status: 0 }));
      expect(status).not.toBe(200);
      expect((await (await connect("web")).get(pollPath(WEB))).status).toBe(200);
    }));
});

describe("connection to the image server", () => {
  /** Whether a client that shows `own` gets as far as the server's first HTTP/2 frame. */
  function isLetIn(port: number, own?: Issued): Promise<boolean> {
    const credentials = own === undefined ? {} : { cert: own.certificate, key: own.key };
    const socket = tlsConnect({
      port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
      ...credentials,
    });
    socket.on("error", () => {});
    return new Promise((resolve) => {
      socket.once("close", () => resolve(false));
      socket.once("data", () => {
        resolve(true);
        socket.destroy();
      });
    });
  }

  const table = [
    { name: "a certificate of this authority", own: async () => certificate("web"), want: true },
    { name: "no certificate", own: async () => undefined, want: false },
    { name: "a certificate of another authority", own: () => foreign.issue(id("web")), want: false },
  ];
  test.each(table)("with $name: $want", ({ own, want }) =>
    withServer({}, async ({ port }) => expect(await isLetIn(port, await own())).toBe(want)),
  );

  test.each(["spiffe://x", "https://sallyport.local/web", "spiffe://a/b, URI:spiffe://a/c"])(
    "with the name %j gives nothing",
    (name) =>
      withServer({}, async ({ server, port }) => {
        server.publish(new Map([[WEB, { ...image("web", 1n), identity: name }]]));
        const client = await ImageClient.connect(port, authority.root, await authority.issue(name));
        expect((await client.get(pollPath(WEB))).status).toBe(403);
        expect(server.status().refusals).toEqual({ "unnamed-peer": 1 });
        client.close();
      }),
  );

  test("shows the server's SPIFFE id, and a renewed certificate without a restart", () =>
    withServer({}, async ({ server, port }) => {
      const shown = async () => {
        const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] });
        const certificate = await new Promise<X509Certificate | undefined>((resolve) =>
          socket.once("secureConnect", () => resolve((socket as TLSSocket).getPeerX509Certificate())),
        );
        socket.on("error", () => {});
        socket.destroy();
        return certificate;
      };
      const first = await shown();
      expect(first?.subjectAltName).toBe(`URI:${id("controller")}`);
      const renewed = await authority.issue(id("controller"));
      server.renew(renewed);
      expect((await shown())?.fingerprint256).toBe(new X509Certificate(renewed.certificate).fingerprint256);
      expect(await isLetIn(port)).toBe(false);
      expect(await isLetIn(port, certificate("web"))).toBe(true);
    }));

  test("speaks TLS 1.3 only", () =>
    withServer({}, async ({ server, port }) => {
      server.renew(certificate("controller"));
      const own = certificate("web");
      const code = await new Promise((resolve) => {
        const socket = tlsConnect({
          port,
          host: "127.0.0.1",
          cert: own.certificate,
          key: own.key,
          maxVersion: "TLSv1.2",
          rejectUnauthorized: false,
        });
        socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
        socket.on("secureConnect", () => resolve("connected"));
      });
      expect(code).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    }));

  test("is renewed before the peer's certificate ends, and useless after", () =>
    withServer({ pollMs: 30 }, async ({ server, connect, clock }) => {
      server.publish(new Map([[WEB, image("web", 1n)]]));
      const old = await connect("web");
      expect((await old.get(pollPath(WEB))).status).toBe(200);
      expect(old.session.closed).toBe(false);
      clock.time += HOUR * 0.8;
      expect((await old.get(pollPath(WEB))).status).toBe(200);
      await until(() => old.session.closed, "the server to say goodbye");
      const stubborn = await connect("web");
      clock.time += HOUR * 0.2;
      expect((await stubborn.get(pollPath(WEB))).status).toBe(403);
      expect(server.status().refusals).toEqual({ "certificate-ended": 1 });
    }));
});

afterAll(() => certificates.clear());
