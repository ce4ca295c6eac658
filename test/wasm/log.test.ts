import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { FakeProxy } from "../host/fake-proxy.ts";
import { flowAt, type Place } from "../host/flow.ts";
import { sectionsOf } from "../host/image-surgery.ts";
import { endpointNode, gatewayNode, giveImage, send, startNode } from "../host/nodes.ts";
import { shopWith } from "../host/shop.ts";

const places = [
  { place: "outbound", start: () => endpointNode("web", "stamp"), role: "stamp", node: "web" },
  { place: "first hop", start: () => gatewayNode("edge-a"), role: "gate", node: "edge-a" },
  { place: "delivery", start: () => endpointNode("api", "verify"), role: "verify", node: "api" },
] as const;

describe("a line about a refusal", () => {
  test.each([
    {
      place: "outbound" as Place,
      start: places[0].start,
      negation: { to: "10.77.0.12:9090" },
      want: 'sallyport stamp refused reason=policy-egress source=10.77.0.11 destination=10.77.0.12:9090 rule="NetworkPolicy shop/web-policy"',
    },
    {
      place: "first hop" as Place,
      start: places[1].start,
      negation: { to: "10.77.0.13:5432" },
      want: 'sallyport gate refused reason=policy-ingress peer=spiffe://shop.example/ns/shop/sa/web peer-address=10.77.0.11 destination=10.77.0.13:5432 source=10.77.0.11 rule="NetworkPolicy shop/db-policy"',
    },
    {
      place: "delivery" as Place,
      start: places[2].start,
      negation: { stamp: { version: 2 } },
      want: "sallyport verify refused reason=stamp-version peer=spiffe://shop.example/gateway/edge-b peer-address=10.78.0.4 destination=10.77.0.12:8080",
    },
  ])("at $place says who, where to, why and by which rule", ({ place, start, negation, want }) => {
    const proxy = start();
    send(proxy, flowAt(place, negation));
    expect(proxy.logs).toEqual([want]);
  });

  test("isn't written about a flow that passes", () => {
    for (const { place, start } of places) {
      const proxy = start();
      send(proxy, flowAt(place));
      expect(proxy.logs).toEqual([]);
    }
  });
});

describe.each(places)("lines at $place", ({ place, start, role }) => {
  const bad = place === "outbound" ? { to: "10.77.0.12:9090" } : { stamp: { version: 2 } };

  test("are fifty at once, and ten more each second", () => {
    const proxy = start();
    const flow = flowAt(place, bad);
    const flood = () => {
      const before = proxy.logs.length;
      for (let i = 0; i < 1000; i++) send(proxy, flow);
      return proxy.logs.length - before;
    };
    expect(flood()).toBe(50);
    expect(flood()).toBe(0);
    proxy.nowMs += 1000;
    expect(flood()).toBe(10);
    proxy.nowMs += 1000;
    expect(flood()).toBe(10);
    expect(proxy.counter(`sallyport.${role}.${place === "outbound" ? "policy-egress" : "stamp-version"}`)).toBe(4000);
  });

  test("say how many weren't written", () => {
    const proxy = start();
    const flow = flowAt(place, bad);
    for (let i = 0; i < 75; i++) send(proxy, flow);
    proxy.nowMs += 1000;
    for (let i = 0; i < 2; i++) send(proxy, flow);
    expect(proxy.logs.slice(-2).map((line) => / lines-suppressed=(\d+)$/.exec(line)?.[1])).toEqual(["25", undefined]);
  });
});

/** Bytes that a peer may try to write into a log with. */
const hostileText = fc.oneof(
  fc.constantFrom(
    "a\nsallyport gate refused reason=allow",
    "\r\n",
    "\x1b[2J\x1b[31m",
    "\0",
    'x" rule="',
    "a peer=b",
    "\xff\xfe",
    "%s%n",
    "x".repeat(300),
  ),
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 80 }).map((bytes) => String.fromCharCode(...bytes)),
);

/** What a line may look like: words that only the filter writes, and values without spaces or control characters. */
const LINE =
  /^sallyport (stamp|gate|verify) refused reason=[a-z-]+( peer=[!-~]*)?( peer-address=[0-9a-f.:]+)?( source=[0-9a-f.:]+)? destination=[!-~]*( source=[0-9a-f.:]+)?( rule="[ -~]*")?( lines-suppressed=\d+)?$/;

test("whatever a peer sends, a line stays one line of the usual form", () => {
  const gate = gatewayNode("edge-a");
  const web = endpointNode("web", "stamp");
  fc.assert(
    fc.property(hostileText, hostileText, hostileText, hostileText, (identity, authority, stamp, address) => {
      gate.logs.length = 0;
      web.logs.length = 0;
      gate.nowMs += 1000;
      web.nowMs += 1000;
      const valid = flowAt("first hop");
      gate.request({ authority, stamp, peer: { identity, address: valid.peer.address } });
      gate.request({ authority, stamp, peer: { identity, address } });
      gate.request({ method: stamp, authority, peer: { identity, address } });
      web.openConnection({ source: "10.77.0.11:33000", destination: authority });
      web.openConnection({ source: address, destination: authority });
      for (const line of [...gate.logs, ...web.logs]) expect(line).toMatch(LINE);
      expect(gate.logs).toHaveLength(3);
    }),
    { numRuns: 500 },
  );
});

test("the longest line is as whole as others", () => {
  const proxy = gatewayNode("edge-a");
  proxy.request({
    authority: "y".repeat(64),
    stamp: "z".repeat(200),
    peer: { identity: "x".repeat(256), address: "[fd77:1111:2222:3333:4444:5555:6666:7777]:41000" },
  });
  expect(proxy.logs[0]).toMatch(LINE);
  expect(proxy.logs[0]?.length).toBeLessThan(640);
});

test("no line, response, metric or poll holds any part of a key or a stamp", () => {
  const stamps: string[] = [];
  const said: string[] = [];
  for (const { place, node, role } of [...places, { place: "second hop", node: "edge-b", role: "gate" } as const]) {
    const proxy = startNode(node, role);
    giveImage(proxy, shopWith().image(node));
    for (const flow of everything(place)) {
      const stream = send(proxy, flow);
      stamps.push(
        ...flow.stamps,
        stream.filterState.get("wasm.sallyport_stamp") ?? "",
        stream.header("sallyport-stamp") ?? "",
      );
      said.push(stream.response?.details ?? "");
      proxy.nowMs += 500;
    }
    giveImage(proxy, shopWith({ keyGeneration: 4 }).image(node, { sequence: 2 }));
    for (const garbage of [shopWith().image(node).slice(0, -1), shopWith().image("edge-c", { sequence: 9 })]) {
      proxy.answerPoll(garbage);
      proxy.stall(10_000);
    }
    said.push(...proxy.logs, ...proxy.metrics.snapshot().keys(), ...polls(proxy));
  }
  const all = said.join("\n");
  expect(said.length).toBeGreaterThan(100);
  for (const secret of [...pieces(keysOfAll()), ...stampPieces(stamps)]) {
    if (all.includes(secret)) throw new Error(`${secret} is in ${said.find((text) => text.includes(secret))}`);
  }
});

/** Flows that are refused in as many ways as possible, and one that isn't. */
function everything(place: Place) {
  if (place === "outbound")
    return [
      flowAt(place),
      flowAt(place, { to: "10.77.0.12:9090" }),
      flowAt(place, { peer: { address: "10.9.9.9:1" } }),
    ];
  const negations = [
    {},
    { stamp: { version: 2 } },
    { signedAs: { keyGeneration: 2 } },
    { peer: { identity: null } },
    { stamp: { sourceAddress: "10.77.0.99" } },
    { to: "10.77.0.13:9090" },
    { header: (valid: string) => [`${valid}A`] },
    { header: (valid: string) => [valid.toLowerCase()] },
  ];
  return negations.map((negation) => flowAt(place, negation));
}

function polls(proxy: FakeProxy): string[] {
  return proxy.calls.flatMap(({ headers }) => [...headers.values()]);
}

/** The keys of all images, 32 bytes each. */
function keysOfAll(): Buffer[] {
  const records = ["web", "api", "edge-a", "edge-b"].map((node) => sectionsOf(shopWith().image(node))[0] as Uint8Array);
  return records.flatMap((bytes) =>
    Array.from({ length: bytes.length / 48 }, (_, i) => Buffer.from(bytes.subarray(i * 48 + 16, i * 48 + 48))),
  );
}

/** Eight bytes of each key, in every spelling. */
function pieces(keys: readonly Buffer[]): string[] {
  const starts = [0, 8, 16, 24];
  return keys.flatMap((key) =>
    starts.flatMap((at) =>
      (["hex", "base64", "latin1"] as const).map((spelling) =>
        key
          .subarray(at, at + 8)
          .toString(spelling)
          .replace(/=+$/, ""),
      ),
    ),
  );
}

/** Tags and whole headers; what else is in a stamp is no secret. */
function stampPieces(stamps: readonly string[]): string[] {
  return stamps
    .filter((stamp) => stamp.length > 90)
    .flatMap((stamp) => [stamp, stamp.slice(75, 96), Buffer.from(stamp, "base64url").subarray(56, 64).toString("hex")]);
}
