import { describe, expect, test } from "@jest/globals";
import { Section } from "../../assembly/wire/image.ts";
import { FakeEndpointProxy, FakeGatewayProxy, type FakeProxy } from "../host/fake-proxy.ts";
import { flowAt } from "../host/flow.ts";
import { answerOf, FAILURE, type HttpCall } from "../host/http-calls.ts";
import { withSection } from "../host/image-surgery.ts";
import { giveImage, send, startNode } from "../host/nodes.ts";
import type { Conduct } from "../host/proxy-host.ts";
import { shopWith } from "../host/shop.ts";

const shop = shopWith();

describe("before the first image", () => {
  test("an app's connection is closed at once", () => {
    const proxy = startNode("web", "stamp");
    const stream = send(proxy, flowAt("outbound"));
    expect(stream).toMatchObject({ state: "ended", wasContinued: false, closes: 1 });
    expect(proxy.counter("sallyport.stamp.no-image")).toBe(1);
  });

  test.each([
    { place: "first hop", node: "edge-a", role: "gate" },
    { place: "delivery", node: "api", role: "verify" },
  ] as const)("a CONNECT at $place waits for it, and goes on when it comes", ({ place, node, role }) => {
    const proxy = startNode(node, role);
    const stream = send(proxy, flowAt(place));
    expect(stream.state).toBe("paused");
    proxy.tick(900);
    giveImage(proxy, shop.image(node));
    expect(stream.state).toBe("continued");
    proxy.tick(5000);
    expect(stream).toMatchObject({ state: "continued", closes: 0 });
  });

  test.each([
    { place: "first hop", node: "edge-a", role: "gate" },
    { place: "delivery", node: "api", role: "verify" },
  ] as const)("a CONNECT at $place is refused after a second without", ({ place, node, role }) => {
    const proxy = startNode(node, role);
    const stream = send(proxy, flowAt(place));
    proxy.tick(999);
    expect(stream.state).toBe("paused");
    proxy.tick(101);
    expect(stream).toMatchObject({
      state: "ended",
      wasContinued: false,
      response: { status: 403, details: "sallyport_refused" },
    });
    expect(proxy.counter(`sallyport.${role}.no-image`)).toBe(1);
  });
});

describe("a poll", () => {
  test("asks for an image newer than the one in force, as this worker", () => {
    const proxy = startNode("edge-a", "gate");
    const [first] = proxy.calls;
    expect(first).toMatchObject({ cluster: "control", timeoutMs: 40_000 });
    expect(Object.fromEntries(first?.headers ?? [])).toEqual({
      ":method": "GET",
      ":authority": "control",
      ":path": expect.stringMatching(/^\/v1\/nodes\/[0-9a-f]{16}\/image\?have=0&worker=[0-9a-f]{1,16}$/),
    });
    giveImage(proxy, shop.image("edge-a", { term: 4_000_000_000, sequence: 4_294_967_295 }));
    const have = (4_000_000_000n << 32n) | 4_294_967_295n;
    expect(proxy.calls[0]?.headers.get(":path")).toContain(`have=${have}&worker=`);
    expect(proxy.metrics.value("sallyport.image.generation")).toBe(have);
  });

  test("is one at a time, for all plugins of an image", () => {
    const proxy = new FakeEndpointProxy();
    for (const role of ["stamp", "verify"] as const) proxy.configure(shop.configuration("api", role));
    proxy.tick(10_000);
    expect(proxy.calls).toHaveLength(1);
    giveImage(proxy, shop.image("api"));
    proxy.tick(10_000);
    expect(proxy.calls).toHaveLength(1);
  });

  test("follows at once on an answer that there is nothing new", () => {
    const proxy = startNode("edge-a", "gate");
    proxy.tick(30_000);
    proxy.answerPoll(204);
    expect(proxy.calls).toMatchObject([{ madeAtMs: proxy.nowMs }]);
    expect(proxy.counter("sallyport.image.poll_failed")).toBe(0);
  });

  test("that takes more than 40 s has failed", () => {
    const proxy = startNode("edge-a", "gate");
    proxy.tick(39_900);
    expect(proxy.counter("sallyport.image.poll_failed")).toBe(0);
    proxy.tick(200);
    expect(proxy.counter("sallyport.image.poll_failed")).toBe(1);
    expect(proxy.calls).toHaveLength(1);
  });

  test("that the proxy lost is made again", () => {
    const proxy = startNode("edge-a", "gate", { calls: "lose" });
    const [lost] = proxy.calls;
    proxy.tick(44_800);
    expect(proxy.calls).toHaveLength(1);
    proxy.tick(300);
    expect(proxy.calls).toHaveLength(2);
    // Should it turn up after all, it is no answer to the new one.
    proxy.answerPoll(shop.image("edge-a"), lost);
    expect(proxy.counter("sallyport.image.accepted")).toBe(0);
    giveImage(proxy, shop.image("edge-a"));
  });

  test("takes no answer that it didn't ask for", () => {
    const proxy = startNode("edge-a", "gate");
    const image = { headers: [], body: shop.image("edge-a") };
    for (const token of [0, 2, 77, 0xffffffff]) proxy.callBack(1, token, image);
    proxy.callBack(1, 2, FAILURE);
    expect(proxy.counter("sallyport.image.accepted") + proxy.counter("sallyport.image.poll_failed")).toBe(0);
    giveImage(proxy, shop.image("edge-a"));
  });
});

/** Milliseconds between the polls of some minutes. */
function waits(proxy: FakeProxy, answer?: (proxy: FakeProxy) => void): number[] {
  const times: number[] = [];
  let polls = 0;
  for (let t = 0; t < 3000; t++) {
    proxy.tick();
    const made = proxy.counter("sallyport.image.poll_failed") + proxy.calls.length;
    if (made > polls) times.push(proxy.nowMs);
    expect(made - polls).toBeLessThanOrEqual(1);
    polls = made;
    if (proxy.calls.length > 0) answer?.(proxy);
    polls = Math.max(polls, proxy.counter("sallyport.image.poll_failed"));
  }
  return times.slice(1).map((time, i) => time - (times[i] as number));
}

describe("a poll that fails at once", () => {
  const garbage = new Uint8Array(2000);
  test.each([
    { name: "the proxy refuses the call", calls: "refuse" },
    { name: "the proxy fails the call", calls: "fail" },
    { name: "no answer comes", answer: "failure" },
    { name: "the controller answers 500", answer: 500 },
    { name: "the controller answers 403", answer: 403 },
    { name: "the controller answers 20", answer: 20 },
    { name: "the controller answers 2000", answer: 2000 },
    { name: "the controller answers at once that there is nothing new", answer: 204 },
    { name: "the controller answers with garbage", answer: garbage },
    { name: "the controller answers with nothing", answer: new Uint8Array(0) },
  ] as const)(
    "is tried less and less often: $name",
    ({ calls = "wait", answer }: { calls?: Conduct["calls"]; answer?: number | "failure" | Uint8Array }) => {
      const proxy = new FakeGatewayProxy({ calls });
      proxy.configure(shop.configuration("edge-a", "gate"));
      const all = waits(proxy, answer === undefined ? undefined : (polling) => polling.answerPoll(answer));
      // Ticks come every 100 ms, so a wait of 50 to 100 ms takes 100.
      expect(all[0]).toBe(100);
      expect(all.slice(6).every((wait) => wait >= 2500 && wait <= 5000)).toBe(true);
      expect(all.length).toBeLessThan(150);
      expect(all.length).toBeGreaterThan(50);
    },
  );

  test("is tried at times that differ from worker to worker", () => {
    const sequences = [0, 1, 2, 3].map((ms) => {
      const proxy = new FakeGatewayProxy({ calls: "refuse" });
      proxy.nowMs += ms;
      proxy.configure(shop.configuration("edge-a", "gate"));
      return waits(proxy).slice(6).join();
    });
    expect(new Set(sequences).size).toBe(4);
  });

  test("is tried soon again after one success", () => {
    const proxy = new FakeGatewayProxy({ calls: "refuse" });
    proxy.configure(shop.configuration("edge-a", "gate"));
    proxy.tick(60_000);
    proxy.conduct.calls = "wait";
    proxy.tick(5000);
    giveImage(proxy, shop.image("edge-a"));
    proxy.answerPoll("failure");
    proxy.tick(100);
    expect(proxy.calls).toHaveLength(1);
  });
});

test("an image of 20 MB arrives in pieces", () => {
  const proxy = startNode("edge-a", "gate");
  const image = withSection(shop.image("edge-a"), Section.Strings, (bytes) =>
    Buffer.concat([bytes, Buffer.alloc(20_000_000)]),
  );
  giveImage(proxy, image);
  expect(send(proxy, flowAt("first hop")).state).toBe("continued");
});

test("an image that is cut off on its way is refused", () => {
  const proxy = startNode("edge-a", "gate");
  const image = shop.image("edge-a");
  proxy.deliver(proxy.calls[0] as HttpCall, { ...answerOf(200, image.slice(0, -1)), announced: image.length });
  expect(proxy.logs).toEqual([`sallyport image refused reason=too-short bytes=${image.length}: there is none yet`]);
});
