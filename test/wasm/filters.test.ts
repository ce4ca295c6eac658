import { describe, expect, test } from "@jest/globals";
import { hexId } from "../../controller/model/hex.ts";
import { Stream } from "../host/context.ts";
import {
  FakeEndpointProxy,
  FakeGatewayProxy,
  filterBytes,
  headersOf,
  peerProperties,
  type Request,
  socketProperties,
} from "../host/fake-proxy.ts";
import { flowAt } from "../host/flow.ts";
import { endpointNode, gatewayNode, send } from "../host/nodes.ts";
import { shopWith } from "../host/shop.ts";

const shop = shopWith();
const cluster = (gateway: string) => `gateway-${hexId(shop.node(gateway).id)}`;

describe("a compiled module", () => {
  const callbacks = [
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_configure",
    "proxy_on_tick",
    "proxy_on_http_call_response",
    "proxy_on_request_headers",
  ];
  const frame = ["memory", "_initialize", "proxy_abi_version_0_2_1", "proxy_on_memory_allocate"];

  test.each([
    { module: "endpoint", own: ["proxy_on_new_connection"] },
    { module: "gateway", own: [] },
  ] as const)(
    "$module exports the callbacks that do something, and none that would cost on every byte",
    ({ module, own }) => {
      const exports = WebAssembly.Module.exports(new WebAssembly.Module(filterBytes(module))).map(({ name }) => name);
      expect(exports.sort()).toEqual([...frame, ...callbacks, ...own].sort());
    },
  );

  test.each(["endpoint", "gateway"] as const)("%s imports nothing but the ABI", (module) => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(filterBytes(module)));
    expect(
      imports.every(
        ({ module: from, name, kind }) => from === "env" && name.startsWith("proxy_") && kind === "function",
      ),
    ).toBe(true);
  });
});

describe("what an allowed flow is told", () => {
  test("stamp: the first gateway's cluster and the stamp, as filter state", () => {
    const stream = send(endpointNode("web", "stamp"), flowAt("outbound"));
    expect(Object.fromEntries(stream.filterState)).toEqual({
      "wasm.sallyport_cluster": cluster("edge-a"),
      "wasm.sallyport_stamp": expect.stringMatching(/^[\w-]{96}$/),
    });
  });

  test("stamp: to go on directly where the overlay has no part in it", () => {
    const web = endpointNode("web", "stamp");
    const stream = send(web, flowAt("outbound", { to: "192.0.2.1:443" }));
    expect(Object.fromEntries(stream.filterState)).toEqual({
      "wasm.sallyport_cluster": "sallyport-direct",
      "wasm.sallyport_direct": "true",
    });
    expect([web.counter("sallyport.stamp.direct"), web.counter("sallyport.stamp.allow")]).toEqual([1, 0]);
  });

  test("gate: the next gateway's cluster, with a stamp for it", () => {
    const stream = send(gatewayNode("edge-a"), flowAt("first hop"));
    expect(Object.fromEntries(stream.filterState)).toEqual({ "wasm.sallyport_cluster": cluster("edge-b") });
    expect(stream.header("sallyport-stamp")).toMatch(/^AQIB/);
  });

  test("gate: the endpoint's address and identity, with a stamp for it", () => {
    const stream = send(gatewayNode("edge-b"), flowAt("second hop", { to: "[fd77::12]:8080" }));
    expect(Object.fromEntries(stream.filterState)).toEqual({
      "wasm.sallyport_hop": "[fd77::12]:15042",
      "wasm.sallyport_identity": "spiffe://shop.example/ns/shop/sa/api",
    });
    expect(stream.header("sallyport-stamp")).toMatch(/^AQMC/);
  });

  test("verify: the app's address, and the app sees no stamp", () => {
    const stream = send(endpointNode("api", "verify"), flowAt("delivery"));
    expect(Object.fromEntries(stream.filterState)).toEqual({ "wasm.sallyport_hop": "10.77.0.12:8080" });
    expect(stream.header("sallyport-stamp")).toBeUndefined();
  });

  test.each([
    { place: "first hop", proxy: () => gatewayNode("edge-a") },
    { place: "second hop", proxy: () => gatewayNode("edge-b") },
    { place: "delivery", proxy: () => endpointNode("api", "verify") },
  ] as const)(
    "at $place nothing of ours that the peer sent goes on, and nothing of its own is lost",
    ({ place, proxy }) => {
      const { authority, stamps, peer } = flowAt(place);
      const others = [
        ["sallyport-hop", "10.77.0.13:5432"],
        ["sallyport-x", ""],
        ["sallyport-hop", "again"],
        ["x-request-id", "7"],
        ["sallyport", "ours is only what follows a dash"],
      ] as const;
      const stream = proxy().request({ authority, stamp: stamps, peer, others });
      expect(stream.state).toBe("continued");
      expect(stream.sent.map(([name]) => name).filter((name) => name !== "sallyport-stamp")).toEqual([
        ":method",
        ":authority",
        "x-request-id",
        "sallyport",
      ]);
    },
  );
});

describe("what a refused flow is told", () => {
  test("nothing but 403, and nothing that would let it go on", () => {
    const stream = send(gatewayNode(), flowAt("first hop", { to: "10.77.0.12:9090" }));
    expect(stream.response).toEqual({ status: 403, details: "sallyport_refused" });
    expect(stream.filterState.size).toBe(0);
  });

  test("a closed connection, before a byte passes", () => {
    const stream = send(endpointNode("web", "stamp"), flowAt("outbound", { to: "10.77.0.12:9090" }));
    expect(stream).toMatchObject({ wasContinued: false, closes: 1 });
    expect(stream.filterState.size).toBe(0);
  });
});

const { authority, stamps, peer } = flowAt("first hop");
const valid: Request = { authority, stamp: stamps, peer };

describe("a request that is no CONNECT", () => {
  test.each(["GET", "connect", "CONNECT ", "CONNEC", "CONNECTX", "", "POST"])("is refused: method %s", (method) => {
    const proxy = gatewayNode();
    expect(proxy.request({ ...valid, method })).toMatchObject({ wasContinued: false, response: { status: 403 } });
    expect(proxy.counter("sallyport.gate.method")).toBe(1);
  });

  test("is refused without any method, with two, and without any header", () => {
    const proxy = gatewayNode();
    const lists = [headersOf(valid).slice(1), [...headersOf({ method: "GET", peer }), ...headersOf(valid)], []];
    const streams = lists.map((headers) => new Stream("http", 1, peerProperties(peer), headers));
    for (const stream of streams) proxy.begin(stream);
    expect(streams.some(({ wasContinued }) => wasContinued)).toBe(false);
    expect([proxy.counter("sallyport.gate.method"), proxy.counter("sallyport.gate.host-error")]).toEqual([2, 1]);
  });
});

describe("what the proxy can't or won't say", () => {
  test.each([
    { name: "no address of the peer", peer: { ...peer, address: undefined } },
    { name: "an empty address", peer: { ...peer, address: "" } },
    { name: "an address without port", peer: { ...peer, address: "10.77.0.11" } },
    { name: "the path of a socket", peer: { ...peer, address: "/run/envoy.sock" } },
    { name: "an address of 100 bytes", peer: { ...peer, address: "1".repeat(100) } },
  ])("refuses a request: $name", ({ peer: told }) => {
    const proxy = gatewayNode();
    expect(proxy.request({ ...valid, peer: told })).toMatchObject({ wasContinued: false, response: { status: 403 } });
    expect(proxy.counter("sallyport.gate.host-error")).toBe(1);
  });

  test("refuses a request with more headers than a proxy lets through", () => {
    const proxy = gatewayNode();
    const request = { ...valid, others: [["x", "y".repeat(16_384)]] as const };
    expect(proxy.request(request).wasContinued).toBe(false);
    expect(proxy.counter("sallyport.gate.host-error")).toBe(1);
    expect(proxy.request({ ...valid, others: [["x", "y".repeat(200_000)]] }).wasContinued).toBe(false);
    expect(proxy.request(valid).wasContinued).toBe(true);
  });

  test.each([
    { name: "no source", connection: { destination: "10.77.0.12:8080" } },
    { name: "no destination", connection: { source: "10.77.0.11:33000" } },
    { name: "an empty destination", connection: { source: "10.77.0.11:33000", destination: "" } },
    { name: "a destination of 65 bytes", connection: { source: "10.77.0.11:33000", destination: "1".repeat(65) } },
    { name: "a socket's path", connection: { source: "/run/envoy.sock", destination: "10.77.0.12:8080" } },
  ])("closes a connection: $name", ({ connection }) => {
    const proxy = endpointNode("web", "stamp");
    expect(proxy.openConnection(connection)).toMatchObject({ wasContinued: false, closes: 1 });
    expect(proxy.counter("sallyport.stamp.host-error")).toBe(1);
  });

  test.each(["proxy_set_property", "proxy_replace_header_map_value"] as const)(
    "refuses what it can't steer: %s fails",
    (failing) => {
      const proxy = gatewayNode();
      proxy.conduct.fails = failing;
      expect(send(proxy, flowAt("first hop"))).toMatchObject({ wasContinued: false, response: { status: 403 } });
      expect([proxy.counter("sallyport.gate.host-error"), proxy.counter("sallyport.gate.allow")]).toEqual([1, 0]);
    },
  );

  test("closes a connection that it can't steer", () => {
    const proxy = endpointNode("web", "stamp");
    proxy.conduct.fails = "proxy_set_property";
    for (const to of ["10.77.0.12:8080", "192.0.2.1:443"])
      expect(send(proxy, flowAt("outbound", { to })).wasContinued).toBe(false);
    expect(proxy.counter("sallyport.stamp.host-error")).toBe(2);
  });

  test("doesn't let a peer pass as the one before it", () => {
    const proxy = gatewayNode();
    send(proxy, flowAt("first hop"));
    proxy.request({ ...valid, peer: {} });
    proxy.request({ ...valid, method: "GET", peer: { identity: "spiffe://shop.example/x", address: "10.0.0.9:1" } });
    expect(proxy.logs).toEqual([
      "sallyport gate refused reason=host-error peer= peer-address=:: destination=10.77.0.12:8080",
      "sallyport gate refused reason=method peer=spiffe://shop.example/x peer-address=10.0.0.9 destination=10.77.0.12:8080",
    ]);
  });
});

describe("a stream of no plugin of ours", () => {
  test.each([
    { name: "gateway", proxy: () => new FakeGatewayProxy() },
    { name: "endpoint", proxy: () => new FakeEndpointProxy() },
  ])("doesn't pass at the $name", ({ proxy }) => {
    const started = proxy();
    const root = started.createRoot();
    expect(started.request({ ...valid, root }).wasContinued).toBe(false);
    const connection = new Stream(
      "connection",
      root,
      socketProperties({ source: "10.77.0.11:1", destination: "10.77.0.12:2" }),
      undefined,
    );
    if (started instanceof FakeEndpointProxy) started.begin(connection);
    expect(connection.wasContinued).toBe(false);
  });
});
