import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { codePath } from "../../controller/emit/istio/mesh.ts";
import { FilterCode } from "../../controller/serve/filter-code.ts";

const code = Buffer.from("\0asm, or whatever the code is");
const digest = createHash("sha256").update(code).digest("hex");
const filters = new FilterCode(code);
const server = filters.server();

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => void server.close());

const ask = (path: string, method = "GET") =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method });

describe("the filters' code", () => {
  test("is served at the path that names its digest", async () => {
    const answer = await ask(codePath(digest));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/wasm");
    expect(answer.headers.get("cache-control")).toContain("immutable");
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(code);
    expect(filters.digest).toBe(digest);
  });

  test("is announced without being sent", async () => {
    const answer = await ask(codePath(digest), "HEAD");
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([
      200,
      String(code.length),
      "",
    ]);
  });

  test.each([
    { name: "another digest", path: codePath("0".repeat(64)), method: "GET", want: 404 },
    { name: "no digest", path: "/filters/endpoint.wasm", method: "GET", want: 404 },
    { name: "a question behind it", path: `${codePath(digest)}?x`, method: "GET", want: 404 },
    { name: "a way up", path: `/filters/../${digest}/endpoint.wasm`, method: "GET", want: 404 },
    { name: "the root", path: "/", method: "GET", want: 404 },
    { name: "something to store", path: codePath(digest), method: "PUT", want: 405 },
  ])("isn't there for $name", async ({ path, method, want }) => {
    const answer = await ask(path, method);
    expect([answer.status, await answer.text()]).toEqual([want, ""]);
  });
});
