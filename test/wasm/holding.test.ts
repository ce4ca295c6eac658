import { describe, expect, test } from "@jest/globals";
import type { Stream } from "../host/context.ts";
import type { FakeProxy } from "../host/fake-proxy.ts";
import { draftAt, type Flow, flowAt, signed } from "../host/flow.ts";
import { gatewayNode, giveImage, send, startNode } from "../host/nodes.ts";
import type { Conduct } from "../host/proxy-host.ts";
import { shopWith } from "../host/shop.ts";
import { toHex } from "../host/vectors.ts";

const young = shopWith({ without: ["web"] });

/** A gateway whose image doesn't know web yet. */
function youngGateway(conduct: Partial<Conduct> = {}) {
  const proxy = startNode("edge-a", "gate", conduct);
  giveImage(proxy, young.image("edge-a"));
  return proxy;
}

/** A flow of an unknown source that a peer shows. */
function stranger(identity: string, address: string): Flow {
  return { ...flowAt("first hop"), peer: { identity, address } };
}

const held = (streams: readonly Stream[]) => streams.filter(({ state }) => state === "paused").length;
const repeat = (count: number, proxy: FakeProxy, flow: (i: number) => Flow) =>
  Array.from({ length: count }, (_, i) => send(proxy, flow(i)));

describe.each(["after the callback", "at once"] as const)("a held flow, contexts deleted %s", (deletes) => {
  test("goes on when an image comes that knows its source, with a stamp of that moment", () => {
    const proxy = youngGateway({ deletes });
    const stream = send(proxy, flowAt("first hop"));
    expect(stream.state).toBe("paused");
    proxy.tick(700);
    giveImage(proxy, shopWith().image("edge-a", { sequence: 2 }));
    expect(stream.state).toBe("continued");
    expect(stream.header("sallyport-stamp")).toHaveLength(96);
    expect(stream.header("sallyport-stamp")).not.toBe(flowAt("first hop").stamps[0]);
    expect(proxy.counter("sallyport.gate.allow")).toBe(1);
    proxy.tick(5000);
    expect(stream).toMatchObject({ state: "continued", closes: 0 });
  });

  test("is a live flow like others once it goes on", () => {
    const proxy = youngGateway({ deletes });
    const stream = send(proxy, flowAt("first hop"));
    giveImage(proxy, shopWith().image("edge-a", { sequence: 2 }));
    giveImage(proxy, young.image("edge-a", { sequence: 3 }));
    expect(stream).toMatchObject({ wasContinued: true, state: "ended", closes: 1 });
  });

  test("waits on when an image comes that still doesn't know its source", () => {
    const proxy = youngGateway({ deletes });
    const stream = send(proxy, flowAt("first hop"));
    giveImage(proxy, young.image("edge-a", { sequence: 2 }));
    expect(stream.state).toBe("paused");
    giveImage(proxy, shopWith().image("edge-a", { sequence: 3 }));
    expect(stream.state).toBe("continued");
  });

  test("is refused for what else is wrong as soon as its source is known", () => {
    const proxy = youngGateway({ deletes });
    const stream = send(proxy, flowAt("first hop", { to: "10.77.0.12:9090" }));
    giveImage(proxy, shopWith().image("edge-a", { sequence: 2 }));
    expect(stream).toMatchObject({ state: "ended", wasContinued: false, response: { status: 403 } });
    expect(proxy.counter("sallyport.gate.policy-egress")).toBe(1);
  });

  test("is refused after a second", () => {
    const proxy = youngGateway({ deletes });
    const stream = send(proxy, flowAt("first hop"));
    proxy.tick(900);
    expect(stream.state).toBe("paused");
    proxy.tick(200);
    expect(stream).toMatchObject({ state: "ended", wasContinued: false, response: { status: 403 } });
    expect(proxy.counter("sallyport.gate.unknown-source")).toBe(1);
    giveImage(proxy, shopWith().image("edge-a", { sequence: 2 }));
    expect(proxy.counter("sallyport.gate.allow")).toBe(0);
  });

  test("is forgotten when its peer goes away", () => {
    const proxy = youngGateway({ deletes });
    proxy.end(send(proxy, flowAt("first hop")));
    giveImage(proxy, shopWith().image("edge-a", { sequence: 2 }));
    proxy.tick(2000);
    expect(proxy.counter("sallyport.gate.allow") + proxy.counter("sallyport.gate.unknown-source")).toBe(0);
  });

  test("of a newer key generation goes on with the newer keys", () => {
    const proxy = gatewayNode("edge-a", { deletes });
    const newer = shopWith({ keyGeneration: 4 });
    const draft = { ...draftAt("first hop"), keyGeneration: 4 };
    const stream = send(proxy, { ...flowAt("first hop"), stamps: [signed(newer, draft)] });
    expect(stream.state).toBe("paused");
    giveImage(proxy, newer.image("edge-a", { sequence: 2 }));
    expect(stream.state).toBe("continued");
  });
});

describe("no more flows are held than", () => {
  const refusedAtOnce = (stream: Stream) => stream.state === "ended" && stream.response?.status === 403;

  test("32 of one peer", () => {
    const proxy = youngGateway();
    const streams = repeat(40, proxy, () => stranger("spiffe://shop.example/a", "10.77.0.200:1000"));
    expect(held(streams)).toBe(32);
    expect(streams.slice(32).every(refusedAtOnce)).toBe(true);
    expect(proxy.counter("sallyport.gate.overload")).toBe(8);
    // Neither another address nor another identity is that peer.
    expect(held(repeat(32, proxy, () => stranger("spiffe://shop.example/a", "10.77.0.201:1000")))).toBe(32);
    expect(held(repeat(32, proxy, () => stranger("spiffe://shop.example/b", "10.77.0.200:1000")))).toBe(32);
  });

  test("256 of one identity, whatever its addresses", () => {
    const proxy = youngGateway();
    const streams = repeat(400, proxy, (i) =>
      stranger("spiffe://shop.example/a", `[fd00::${(i + 1).toString(16)}]:1000`),
    );
    expect(held(streams)).toBe(256);
    expect(held([send(proxy, stranger("spiffe://shop.example/b", "10.77.0.200:1000"))])).toBe(1);
  });

  test("1024 in all", () => {
    const proxy = youngGateway();
    const streams = repeat(1100, proxy, (i) => stranger(`spiffe://shop.example/${i}`, "10.77.0.200:1000"));
    expect(held(streams)).toBe(1024);
    expect(proxy.counter("sallyport.gate.overload")).toBe(76);
    expect(proxy.counter("sallyport.gate.unknown-source")).toBe(0);
  });

  test("these, and each that leaves makes room for another", () => {
    const proxy = youngGateway();
    const flow = stranger("spiffe://shop.example/a", "10.77.0.200:1000");
    const streams = repeat(32, proxy, () => flow);
    for (const place of [0, 31, 15, 16, 1]) {
      proxy.end(streams[place] as Stream);
      expect(held([send(proxy, flow), send(proxy, flow)])).toBe(1);
    }
    proxy.tick(1200);
    expect(held(repeat(40, proxy, () => flow))).toBe(32);
  });
});

test("a crowd of held flows goes on together, and each once", () => {
  const proxy = startNode("edge-a", "gate");
  const flows = ["10.77.0.11", "fd77::11"].flatMap((address) => {
    const text = address.includes(":") ? `[${address}]` : address;
    return Array.from({ length: 32 }, (_, i) =>
      flowAt("first hop", {
        peer: { address: `${text}:${2000 + i}` },
        to: i % 3 === 0 ? "10.77.0.12:9090" : "10.77.0.12:8080",
      }),
    );
  });
  const streams = flows.map((flow) => send(proxy, flow));
  expect(held(streams)).toBe(64);
  giveImage(proxy, shopWith().image("edge-a"));
  const allowed = flows.map(({ authority }) => authority === "10.77.0.12:8080");
  expect(streams.map(({ wasContinued }) => wasContinued)).toEqual(allowed);
  expect(streams.map(({ response }) => response === undefined)).toEqual(allowed);
  expect(proxy.counter("sallyport.gate.allow")).toBe(42);
  expect(proxy.counter("sallyport.gate.policy-egress")).toBe(22);
  expect(
    new Set(
      streams
        .filter(({ wasContinued }) => wasContinued)
        .map((stream) => toHex(Buffer.from(stream.header("sallyport-stamp") ?? "", "base64url")).slice(104, 112)),
    ).size,
  ).toBe(42);
});
