import { describe, expect, test } from "@jest/globals";
import { FakeEndpointProxy, FakeGatewayProxy } from "../host/fake-proxy.ts";
import { flowAt } from "../host/flow.ts";
import { endpointNode, gatewayNode, giveImage, send } from "../host/nodes.ts";
import { shopWith } from "../host/shop.ts";

const shop = shopWith();
const good = shop.configuration("edge-a", "gate");
const node = /node=(.*)/.exec(good)?.[1] as string;

describe("a configuration", () => {
  test.each([
    { name: "with its lines in another order", text: good.split("\n").reverse().join("\n") },
    { name: "with empty lines", text: `\n${good.replaceAll("\n", "\n\n")}\n` },
    { name: "with the highest overlay", text: good.replace("overlay=7", "overlay=16777215") },
    { name: "with a cluster name of 128 bytes", text: good.replace("control=control", `control=${"c".repeat(128)}`) },
  ])("$name is taken", ({ text }) => {
    expect(new FakeGatewayProxy().configure(text)).toBe(1);
  });

  test.each([
    { name: "that is empty", text: "" },
    { name: "of one byte too many", text: `${good}${"\n".repeat(4097 - good.length)}` },
    { name: "of garbage", text: "\0\xff\xfe".repeat(100) },
    { name: "without role", text: good.replace("role=gate\n", "") },
    { name: "with an unknown role", text: good.replace("role=gate", "role=keeper") },
    { name: "of a guard, which needs nothing else", text: good.replace("role=gate", "role=guard") },
    { name: "of a guard, which is the other module's", text: "role=guard" },
    { name: "with an empty role", text: good.replace("role=gate", "role=") },
    { name: "with a role of the other module", text: good.replace("role=gate", "role=stamp") },
    { name: "with two roles", text: `${good}\nrole=gate` },
    { name: "without overlay", text: good.replace("overlay=7\n", "") },
    { name: "with overlay 0", text: good.replace("overlay=7", "overlay=0") },
    { name: "with overlay 2^24", text: good.replace("overlay=7", "overlay=16777216") },
    { name: "with an overlay past 2^32", text: good.replace("overlay=7", "overlay=4294967303") },
    { name: "with a negative overlay", text: good.replace("overlay=7", "overlay=-7") },
    { name: "with an overlay that isn't decimal", text: good.replace("overlay=7", "overlay=0x7") },
    { name: "with two overlays", text: `${good}\noverlay=7` },
    { name: "without node", text: good.replace(`node=${node}\n`, "") },
    { name: "with a node of 15 digits", text: good.replace(node, node.slice(1)) },
    { name: "with a node of 17 digits", text: good.replace(node, `${node}0`) },
    { name: "with a node in capitals", text: good.replace(node, "ABCDEFABCDEFABCD") },
    { name: "with a node that isn't hex", text: good.replace(node, "g".repeat(16)) },
    { name: "with two nodes", text: `${good}\nnode=${node}` },
    { name: "with a node and a cluster to find it in", text: `${good}\npod-of=c1` },
    { name: "without cluster", text: good.replace("\ncontrol=control", "") },
    { name: "with an empty cluster", text: good.replace("control=control", "control=") },
    { name: "with a cluster name of 129 bytes", text: good.replace("control=control", `control=${"c".repeat(129)}`) },
    { name: "with two clusters", text: `${good}\ncontrol=control` },
    { name: "with an unknown key", text: `${good}\nmode=open` },
    { name: "with a line without value", text: `${good}\nopen` },
    { name: "with spaces", text: good.replace("role=gate", "role = gate") },
    { name: "with a carriage return", text: good.replaceAll("\n", "\r\n") },
  ])("$name is refused", ({ text }) => {
    const proxy = new FakeGatewayProxy();
    expect(proxy.configure(text)).toBeUndefined();
    proxy.tick(1000);
    expect(proxy.calls).toHaveLength(0);
    const stream = proxy.request({ authority: "10.77.0.12:8080", peer: { address: "10.77.0.11:1" }, root: 1 });
    expect(stream).toMatchObject({ wasContinued: false });
  });

  test("of a gate is refused by an endpoint", () => {
    expect(new FakeEndpointProxy().configure(good)).toBeUndefined();
  });
});

describe("several root contexts in one VM", () => {
  test("keep their own nodes, overlays and images", () => {
    const other = shopWith({ overlay: { id: 8 } });
    const proxy = new FakeEndpointProxy();
    const web = proxy.configure(shop.configuration("web", "stamp"));
    const api = proxy.configure(shop.configuration("api", "stamp"));
    const elsewhere = proxy.configure(other.configuration("web", "stamp"));
    proxy.tick();
    expect(proxy.calls).toHaveLength(3);
    proxy.answerPoll(
      shop.image("web"),
      proxy.calls.find(({ caller }) => caller === web),
    );
    const flow = flowAt("outbound");
    expect([web, api, elsewhere].map((root) => send(proxy, flow, root).wasContinued)).toEqual([true, false, false]);
    expect(proxy.counter("sallyport.stamp.no-image")).toBe(2);
    // An image of another node or overlay isn't taken by the wrong root.
    proxy.answerPoll(
      shop.image("web"),
      proxy.calls.find(({ caller }) => caller === elsewhere),
    );
    proxy.answerPoll(
      shop.image("web"),
      proxy.calls.find(({ caller }) => caller === api),
    );
    expect(proxy.logs.slice(2).map((line) => / reason=(\S+)/.exec(line)?.[1])).toEqual([
      "foreign-overlay",
      "foreign-node",
    ]);
    proxy.tick(5000);
    proxy.answerPoll(
      other.image("web"),
      proxy.calls.find(({ caller }) => caller === elsewhere),
    );
    const streams = [web, api, elsewhere].map((root) => send(proxy, flow, root));
    expect(streams.map(({ wasContinued }) => wasContinued)).toEqual([true, false, true]);
    expect(Buffer.from(streams[0]?.filterState.get("wasm.sallyport_stamp") ?? "", "base64url").readUInt32BE(4)).toBe(7);
    expect(Buffer.from(streams[2]?.filterState.get("wasm.sallyport_stamp") ?? "", "base64url").readUInt32BE(4)).toBe(8);
  });

  test("of one node decide by one image, each in its own role", () => {
    const proxy = endpointNode("api", "verify");
    const stamp = proxy.configure(shop.configuration("api", "stamp"));
    expect(send(proxy, flowAt("delivery")).wasContinued).toBe(true);
    const out = proxy.openConnection({
      source: "10.77.0.12:33000",
      destination: "10.77.0.13:5432",
      root: stamp as number,
    });
    expect(out.wasContinued).toBe(true);
    // Neither does the other's work.
    expect(proxy.openConnection({ source: "10.77.0.12:33000", destination: "10.77.0.13:5432", root: 1 }).state).toBe(
      "paused",
    );
    expect(send(proxy, flowAt("delivery"), stamp).state).toBe("paused");
  });

  test("are told apart when one image changes: only its flows are reviewed", () => {
    const proxy = new FakeEndpointProxy();
    const web = proxy.configure(shop.configuration("web", "stamp"));
    const twin = proxy.configure(shop.configuration("twin", "stamp"));
    proxy.tick();
    const give = (root: number | undefined, image: Uint8Array) => {
      const poll = proxy.calls.find(({ caller }) => caller === root);
      proxy.answerPoll(image, poll);
    };
    give(web, shop.image("web"));
    give(twin, shop.image("twin"));
    const ours = send(proxy, flowAt("outbound"), web);
    const theirs = send(proxy, flowAt("outbound", { peer: { address: "10.77.0.14:33000" } }), twin);
    give(web, shopWith({ keyGeneration: 4 }).image("web", { sequence: 2 }));
    expect([ours.closes, theirs.closes]).toEqual([1, 0]);
  });
});

describe("a root context that is replaced", () => {
  test("hands its poll over: the next one asks at once", () => {
    const proxy = new FakeGatewayProxy();
    const first = proxy.configure(good) as number;
    proxy.tick();
    const second = proxy.configure(good) as number;
    proxy.tick();
    expect(proxy.calls).toMatchObject([{ caller: first }]);
    proxy.deleteRoot(first);
    proxy.tick();
    expect(proxy.calls).toMatchObject([{ caller: second }]);
    giveImage(proxy, shop.image("edge-a"));
    expect(send(proxy, flowAt("first hop"), second).wasContinued).toBe(true);
  });

  test("leaves its image to its successor of the same node", () => {
    const proxy = gatewayNode();
    const successor = proxy.configure(good) as number;
    proxy.deleteRoot(1);
    expect(send(proxy, flowAt("first hop"), successor).wasContinued).toBe(true);
    proxy.tick(1000);
    expect(proxy.calls.map(({ caller }) => caller)).toEqual([successor]);
    expect(proxy.calls[0]?.headers.get(":path")).toContain("have=4294967297&");
  });

  test("has its live flows reviewed by its successor's rules while they last", () => {
    const proxy = gatewayNode();
    const stream = send(proxy, flowAt("first hop"));
    proxy.configure(good);
    giveImage(proxy, shopWith({ keyGeneration: 4 }).image("edge-a", { sequence: 2 }));
    expect(stream.closes).toBe(1);
  });

  test("keeps its image when it is configured again alike, and its flows live on", () => {
    const proxy = gatewayNode();
    const stream = send(proxy, flowAt("first hop"));
    expect(proxy.configure(good, 1)).toBe(1);
    expect(proxy.configure(good)).toBeDefined();
    proxy.tick(30_000);
    expect(stream.state).toBe("continued");
    expect(send(proxy, flowAt("first hop")).wasContinued).toBe(true);
    expect(proxy.calls).toHaveLength(1);
    giveImage(proxy, shop.image("edge-a", { sequence: 2 }));
  });

  test("keeps what it had when its new configuration is bad", () => {
    const proxy = gatewayNode();
    const stream = send(proxy, flowAt("first hop"));
    expect(proxy.configure("role=gate", 1)).toBeUndefined();
    expect(send(proxy, flowAt("first hop")).wasContinued).toBe(true);
    giveImage(proxy, shopWith({ keyGeneration: 4 }).image("edge-a", { sequence: 2 }));
    expect(stream.closes).toBe(1);
  });

  test("goes good, bad and good again", () => {
    const proxy = gatewayNode();
    proxy.configure("overlay=none");
    expect(send(proxy, flowAt("first hop"), 2).wasContinued).toBe(false);
    const last = proxy.configure(good) as number;
    for (const root of [1, 2]) proxy.deleteRoot(root);
    expect(send(proxy, flowAt("first hop"), last).wasContinued).toBe(true);
    proxy.tick();
    expect(proxy.calls).toMatchObject([{ caller: last }]);
  });

  test("takes no answer to what it asked for as another node", () => {
    const proxy = new FakeGatewayProxy();
    const root = proxy.configure(good) as number;
    proxy.tick();
    proxy.configure(shop.configuration("edge-b", "gate"), root);
    proxy.tick();
    expect(proxy.calls).toHaveLength(2);
    for (const node of ["edge-a", "edge-b"]) proxy.answerPoll(shop.image(node), proxy.calls[0]);
    expect(proxy.counter("sallyport.image.accepted")).toBe(1);
    expect(proxy.counter("sallyport.image.refused")).toBe(0);
  });

  test("as another node starts without any image, and reviews the old one's flows by the new one", () => {
    const proxy = gatewayNode();
    const stream = send(proxy, flowAt("first hop"));
    expect(proxy.configure(shop.configuration("edge-b", "gate"), 1)).toBe(1);
    const next = send(proxy, flowAt("first hop"));
    expect(next.state).toBe("paused");
    proxy.tick();
    proxy.answerPoll(shop.image("edge-b"), proxy.calls.at(-1));
    expect(next).toMatchObject({ wasContinued: false, response: { status: 403 } });
    expect(stream.state).toBe("continued");
    proxy.answerPoll(shopWith({ keyGeneration: 4 }).image("edge-b", { sequence: 2 }), proxy.calls.at(-1));
    expect(stream.closes).toBe(1);
  });
});

test("everything that is gone is forgotten: images of a thousand configurations take the place of one", () => {
  const proxy = new FakeGatewayProxy();
  let before = 0;
  for (let i = 0; i < 1000; i++) {
    const root = proxy.configure(good.replace("overlay=7", `overlay=${i + 1}`)) as number;
    proxy.tick();
    proxy.deleteRoot(root);
    if (i === 100) before = proxy.memoryBytes;
  }
  proxy.tick();
  expect(proxy.memoryBytes).toBe(before);
});
