import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { healthServer } from "../../controller/operator/health-server.ts";
import { until } from "../until.ts";

let asked = 0;
const server = healthServer({ missing: () => ["the world isn't known"], metrics: () => `asked ${++asked}\n` });
const sockets: Socket[] = [];

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  server.close();
});

const port = () => (server.address() as AddressInfo).port;
const ask = async (path: string, method = "GET") => {
  const response = await fetch(`http://127.0.0.1:${port()}${path}`, { method, headers: { connection: "close" } });
  return `${response.status} ${await response.text()}`;
};

describe("how a replica is", () => {
  test.each([
    { path: "/healthz", method: "GET", want: "200 ok\n" },
    { path: "/readyz", method: "GET", want: "503 the world isn't known\n" },
    { path: "/metrics", method: "POST", want: "405 GET only\n" },
    { path: "/", method: "GET", want: "404 /healthz, /readyz or /metrics\n" },
  ])("is said to $method $path", async ({ path, method, want }) => {
    expect(await ask(path, method)).toBe(want);
  });

  test("is not counted anew for everybody who asks at once", async () => {
    await Promise.all(Array.from({ length: 50 }, () => ask("/metrics")));
    expect(asked).toBeLessThan(10);
    const before = asked;
    await until(async () => (await ask("/metrics")) !== `200 asked ${before}\n`, "newer metrics");
  });

  test("is said also while somebody holds as many connections as there may be", async () => {
    const closed = new Set<number>();
    for (let i = 0; i < 150; i++) {
      const socket = connect(port(), "127.0.0.1");
      socket.on("error", () => {});
      socket.on("close", () => closed.add(i));
      sockets.push(socket);
      await once(socket, "connect");
    }
    await until(() => closed.size >= 50, "those that are too many to be closed");
    expect([...closed].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    for (let i = 0; i < 5; i++) expect(await ask("/healthz")).toBe("200 ok\n");
  });
});
