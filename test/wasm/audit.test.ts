import { describe, expect, test } from "@jest/globals";
import { flowAt, type Negation, type Place, roleAt } from "../host/flow.ts";
import { giveImage, send, startNode } from "../host/nodes.ts";
import { type ShopEdit, shopWith } from "../host/shop.ts";

const AUDITED: ShopEdit = { overlay: { enforcement: "Audit" } };
const REROUTED: ShopEdit = { onePath: true, via: { egress: ["edge-c"], audit: true } };
const NODES: Record<Place, string> = {
  outbound: "web",
  "first hop": "edge-a",
  "second hop": "edge-b",
  delivery: "api",
};

function start(place: Place, shop: ShopEdit) {
  const proxy = startNode(NODES[place], roleAt(place));
  giveImage(proxy, shopWith(shop).image(NODES[place]));
  return proxy;
}

const rows: { place: Place; shop: ShopEdit; negation: Negation; name: string; audit: string; line: string }[] = [
  {
    name: "a port that the source may not call",
    place: "outbound",
    shop: AUDITED,
    negation: { to: "10.77.0.12:9090" },
    audit: "deny",
    line: 'sallyport stamp audit would=deny source=10.77.0.11 destination=10.77.0.12:9090 rule="NetworkPolicy shop/web-policy"',
  },
  {
    name: "a port that the source may not call",
    place: "first hop",
    shop: AUDITED,
    negation: { to: "10.77.0.12:9090" },
    audit: "deny",
    line: 'sallyport gate audit would=deny source=10.77.0.11 destination=10.77.0.12:9090 rule="NetworkPolicy shop/web-policy"',
  },
  {
    name: "a source whose calls aren't wanted",
    place: "delivery",
    shop: AUDITED,
    negation: { stamp: { sourceNode: "guest", sourceAddress: "10.77.0.66" } },
    audit: "deny",
    line: 'sallyport verify audit would=deny source=10.77.0.66 destination=10.77.0.12:8080 rule="NetworkPolicy shop/api-policy"',
  },
  {
    name: "a flow that would take another path",
    place: "outbound",
    shop: REROUTED,
    negation: {},
    audit: "reroute",
    line: 'sallyport stamp audit would=reroute source=10.77.0.11 destination=10.77.0.12:8080 rule="FlowPolicy egress"',
  },
];

describe("an audited policy", () => {
  test.each(rows)("lets $name pass at $place, counts and logs it", ({ place, shop, negation, audit, line }) => {
    const proxy = start(place, shop);
    const stream = send(proxy, flowAt(place, { ...negation, shop }));
    expect(stream.wasContinued).toBe(true);
    const role = roleAt(place);
    expect(proxy.counter(`sallyport.${role}.allow`)).toBe(1);
    expect(proxy.counter(`sallyport.${role}.audit-${audit}`)).toBe(1);
    expect(proxy.logs).toEqual([line]);
  });

  test("says nothing about what it wouldn't change", () => {
    const proxy = start("first hop", AUDITED);
    send(proxy, flowAt("first hop"));
    for (const kind of ["deny", "allow", "reroute"]) expect(proxy.counter(`sallyport.gate.audit-${kind}`)).toBe(0);
    expect(proxy.logs).toEqual([]);
  });

  test("lets no bad stamp pass, and isn't asked about one", () => {
    const proxy = start("first hop", AUDITED);
    const stream = send(proxy, flowAt("first hop", { to: "10.77.0.12:9090", signedAs: { epoch: 0 }, shop: AUDITED }));
    expect(stream.response?.status).toBe(403);
    expect(proxy.counter("sallyport.gate.stamp-tag")).toBe(1);
    expect(proxy.counter("sallyport.gate.audit-deny")).toBe(0);
  });

  test("never hides a refusal, however much it has to say", () => {
    const proxy = start("first hop", AUDITED);
    for (let i = 0; i < 200; i++) send(proxy, flowAt("first hop", { to: "10.77.0.12:9090" }));
    send(proxy, flowAt("first hop", { to: "10.77.0.99:8080", signedAs: { epoch: 0 } }));
    expect(proxy.counter("sallyport.gate.audit-deny")).toBe(200);
    expect(proxy.logs).toHaveLength(51);
    expect(proxy.logs.at(-1)).toContain("refused reason=stamp-tag");
  });
});
