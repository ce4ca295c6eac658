import { describe, expect, test } from "@jest/globals";
import { flowAt, type Negation, type Place } from "../host/flow.ts";
import { endpointNode, gatewayNode, giveImage, send } from "../host/nodes.ts";
import type { Conduct } from "../host/proxy-host.ts";
import { type IssueOptions, type Role, type ShopEdit, START_SECONDS, shopWith } from "../host/shop.ts";

/** The node at a place, what it runs, and a flow there that has nothing to do with the usual one from web to api. */
const places: readonly { place: Place; node: string; role: Role; other: Negation }[] = [
  { place: "outbound", node: "web", role: "stamp", other: { to: "10.77.0.13:5432" } },
  { place: "first hop", node: "edge-a", role: "gate", other: twin() },
  { place: "second hop", node: "edge-b", role: "gate", other: twin() },
  { place: "delivery", node: "api", role: "verify", other: twin() },
];
const deletions: readonly Conduct["deletes"][] = ["after the callback", "at once", "later"];

function twin(): Negation {
  return { stamp: { sourceNode: "twin", sourceAddress: "10.77.0.14" } };
}

/** At the first hop the twin is also who stamps and connects. */
function twinAt(place: Place, other: Negation): Negation {
  if (place !== "first hop") return other;
  return { stamp: { ...other.stamp, stampingNode: "twin" }, peer: { address: "10.77.0.14:41000" } };
}

function start(node: string, role: Role, conduct: Partial<Conduct> = {}) {
  return role === "gate" ? gatewayNode(node, conduct) : endpointNode(node, role, conduct);
}

interface Change {
  readonly name: string;
  readonly shop?: ShopEdit;
  readonly issue?: IssueOptions;
  /** Why the usual flow is closed at each place that closes it; elsewhere it lives on. */
  readonly closes: Partial<Record<Place, string>>;
  /** Places where the other flow lives on though the usual one is closed. */
  readonly spares?: readonly Place[];
}

const everywhere = (reason: string) => ({
  outbound: reason,
  "first hop": reason,
  "second hop": reason,
  delivery: reason,
});

const changes: readonly Change[] = [
  { name: "nothing", closes: {} },
  { name: "keys of other epochs", issue: { at: START_SECONDS + 3600 }, closes: {} },
  {
    name: "a policy that lets web send no more",
    shop: { without: ["web-policy"] },
    closes: { outbound: "policy-egress", "first hop": "policy-egress", "second hop": "policy-egress" },
  },
  {
    name: "a policy that lets api be called no more",
    shop: { without: ["api-policy"] },
    closes: { "first hop": "policy-ingress", "second hop": "policy-ingress", delivery: "policy-ingress" },
  },
  {
    name: "no web",
    shop: { without: ["web"] },
    closes: { "first hop": "unknown-source", "second hop": "unknown-source", delivery: "unknown-source" },
    spares: ["first hop", "second hop", "delivery"],
  },
  {
    name: "no api",
    shop: { without: ["api"] },
    closes: {
      outbound: "unknown-destination",
      "first hop": "unknown-destination",
      "second hop": "unknown-destination",
    },
    spares: ["outbound"],
  },
  { name: "web's address in twin's hands", shop: { swapped: ["web", "twin"] }, closes: everywhere("source-mismatch") },
  {
    name: "api's address in guest's hands",
    shop: { swapped: ["api", "guest"] },
    closes: { ...everywhere("policy-egress"), delivery: "not-mine" },
    spares: ["outbound"],
  },
  { name: "a new key generation", shop: { keyGeneration: 4 }, closes: everywhere("stamp-key-generation") },
  { name: "an older key generation", shop: { keyGeneration: 2 }, closes: everywhere("stamp-key-generation") },
  { name: "another path", shop: { overlay: { path: ["edge-a", "edge-c"] } }, closes: everywhere("wrong-path") },
  {
    name: "a longer path",
    shop: { overlay: { path: ["edge-a", "edge-b", "edge-c"] } },
    closes: everywhere("wrong-path"),
  },
];

describe.each(places)("at $place", ({ place, node, role, other }) => {
  const cases = changes
    .filter(({ shop }) => !shop?.without?.includes(node))
    .flatMap((change) => deletions.map((deletes) => ({ ...change, deletes })));

  test.each(cases)(
    "an image with $name closes what it no longer allows, contexts deleted $deletes",
    ({ shop, issue, closes, spares, deletes }) => {
      const proxy = start(node, role, { deletes });
      const usual = send(proxy, flowAt(place));
      const another = send(proxy, flowAt(place, twinAt(place, other)));
      expect([usual.state, another.state]).toEqual(["continued", "continued"]);
      giveImage(proxy, shopWith(shop).image(node, { sequence: 2, ...issue }));
      const reason = closes[place];
      const live = { state: "continued", closes: 0 };
      const closed = { state: deletes === "later" ? "continued" : "ended", closes: 1 };
      expect(usual).toMatchObject(reason === undefined ? live : closed);
      expect(another).toMatchObject(reason === undefined || spares?.includes(place) ? live : closed);
      expect(proxy.counter(`sallyport.${role}.revoked`)).toBe(usual.closes + another.closes);
      expect(proxy.logs.length).toBe(usual.closes + another.closes);
      if (reason !== undefined) {
        const line = `sallyport ${role} revoked reason=${reason} source=10.77.0.11 destination=10.77.0.12:8080`;
        expect(proxy.logs.filter((text) => text.startsWith(line))).toHaveLength(1);
      }
      // And never again.
      giveImage(proxy, shopWith(shop).image(node, { sequence: 3, ...issue }));
      proxy.tick(1000);
      expect(Math.max(usual.closes, another.closes)).toBeLessThanOrEqual(1);
    },
  );

  test("the image in force runs out, and with it all flows, once", () => {
    const proxy = start(node, role);
    giveImage(proxy, shopWith().image(node, { sequence: 2, notAfter: START_SECONDS + 30 }));
    const stream = send(proxy, flowAt(place));
    proxy.tick(29_700);
    expect(stream.state).toBe("continued");
    proxy.tick(300);
    expect(stream).toMatchObject({ state: "ended", closes: 1 });
    proxy.tick(1000);
    expect(proxy.counter(`sallyport.${role}.revoked`)).toBe(1);
    expect(proxy.logs[0]).toContain(" revoked reason=image-expired ");
    expect(send(proxy, flowAt(place)).wasContinued).toBe(false);
  });

  test("a flow whose peer went away is nobody's to close", () => {
    const proxy = start(node, role);
    const stream = send(proxy, flowAt(place));
    proxy.end(stream);
    giveImage(proxy, shopWith({ keyGeneration: 4 }).image(node, { sequence: 2 }));
    expect(stream.closes).toBe(0);
    expect(proxy.counter(`sallyport.${role}.revoked`)).toBe(0);
  });

  test("a refused image closes nothing", () => {
    const proxy = start(node, role);
    const stream = send(proxy, flowAt(place));
    proxy.answerPoll(shopWith({ keyGeneration: 4 }).image(node, { sequence: 1 }));
    proxy.tick(10_000);
    expect(stream.state).toBe("continued");
  });
});

describe("the line about a closed flow", () => {
  test("names the rule that denies it", () => {
    const proxy = gatewayNode();
    send(proxy, flowAt("first hop"));
    giveImage(proxy, shopWith({ without: ["api-policy"] }).image("edge-a", { sequence: 2 }));
    expect(proxy.logs).toEqual([
      'sallyport gate revoked reason=policy-ingress source=10.77.0.11 destination=10.77.0.12:8080 rule="default deny"',
    ]);
  });

  test("spells IPv6 as CONNECT does", () => {
    const proxy = gatewayNode();
    send(proxy, flowAt("first hop", { to: "[fd77::12]:8080", stamp: { sourceAddress: "fd77::11" } }));
    giveImage(proxy, shopWith({ keyGeneration: 4 }).image("edge-a", { sequence: 2 }));
    expect(proxy.logs).toEqual([
      "sallyport gate revoked reason=stamp-key-generation source=fd77::11 destination=[fd77::12]:8080",
    ]);
  });

  test("is written for the first fifty; all are counted", () => {
    const proxy = gatewayNode();
    const streams = Array.from({ length: 200 }, () => send(proxy, flowAt("first hop")));
    giveImage(proxy, shopWith({ keyGeneration: 4 }).image("edge-a", { sequence: 2 }));
    expect(streams.every(({ closes }) => closes === 1)).toBe(true);
    expect(proxy.counter("sallyport.gate.revoked")).toBe(200);
    expect(proxy.logs).toHaveLength(50);
  });
});
