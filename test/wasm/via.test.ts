import { describe, expect, test } from "@jest/globals";
import { hexId } from "../../controller/model/hex.ts";
import { type Decider, deciders } from "../host/deciders.ts";
import { flowAt, type Negation, type Place } from "../host/flow.ts";
import { type ShopEdit, shopWith } from "../host/shop.ts";

type Via = NonNullable<ShopEdit["via"]>;

const GATEWAYS = ["edge-a", "edge-b", "edge-c"];
const ADDRESSES: Record<string, string> = { "edge-a": "10.78.0.2:1", "edge-b": "10.78.0.4:1", "edge-c": "10.78.0.5:1" };
const DEFAULT = ["edge-a", "edge-b"];

const ways: { name: string; via: Via; want: readonly string[] }[] = [
  { name: "no policy", via: {}, want: DEFAULT },
  { name: "a policy of the source", via: { egress: ["edge-c"] }, want: ["edge-c"] },
  { name: "a policy of the destination", via: { ingress: ["edge-c"] }, want: ["edge-c"] },
  {
    name: "a policy of the destination, in its order",
    via: { ingress: ["edge-b", "edge-a"] },
    want: ["edge-b", "edge-a"],
  },
  {
    name: "policies of both that agree",
    via: { egress: ["edge-c", "edge-a", "edge-b"], ingress: ["edge-c", "edge-a", "edge-b"] },
    want: ["edge-c", "edge-a", "edge-b"],
  },
  { name: "a policy that names the overlay's path", via: { ingress: DEFAULT }, want: DEFAULT },
  { name: "an audited policy of the source", via: { egress: ["edge-c"], audit: true }, want: DEFAULT },
  { name: "an audited policy of the destination", via: { ingress: ["edge-c"], audit: true }, want: DEFAULT },
];

describe.each(deciders)("in $name", (decider) => {
  test.each(ways)("takes the way of $name", ({ via, want }) => {
    expect(walk(decider, { onePath: true, via })).toEqual(["web", ...want, "api", "10.77.0.12:8080"]);
  });

  const skipped: { name: string; via: Via; at: string; hop: number; from: string; want: string }[] = [
    {
      name: "a gateway of the default path",
      via: { ingress: ["edge-c"] },
      at: "edge-a",
      hop: 0,
      from: "web",
      want: "wrong-path",
    },
    {
      name: "the second gateway first",
      via: { ingress: ["edge-c", "edge-a"] },
      at: "edge-a",
      hop: 0,
      from: "web",
      want: "wrong-place",
    },
  ];

  test.each(skipped)("refuses at $name what has to pass others", ({ via, at, want }) => {
    const shop: ShopEdit = { onePath: true, via };
    const path = want === "wrong-path" ? shopWith().path(...DEFAULT) : shopWith().path(...(via.ingress as string[]));
    const flow = flowAt("first hop", { shop, at, stamp: { path, audience: at } });
    expect(decider.decide([flow])).toMatchObject([{ verdict: want }]);
  });

  test("refuses at the destination what came by the default path and had to pass another", () => {
    for (const via of [{ egress: ["edge-c", "edge-b"] }, { ingress: ["edge-c", "edge-b"] }]) {
      expect(decider.decide([flowAt("delivery", { shop: { onePath: true, via } })])).toMatchObject([
        { verdict: "wrong-path" },
      ]);
    }
  });

  test("refuses at the destination what skipped the first gateway of its path", () => {
    const shop: ShopEdit = { onePath: true, via: { egress: ["edge-c", "edge-a", "edge-b"] } };
    const stamp = { path: shopWith().path("edge-c", "edge-a", "edge-b") };
    expect(decider.decide([flowAt("delivery", { shop, stamp })])).toMatchObject([{ verdict: "wrong-place" }]);
    expect(decider.decide([flowAt("delivery", { shop, stamp: { ...stamp, hop: 3 } })])).toMatchObject([
      { verdict: "allow" },
    ]);
  });
});

/** The nodes that a flow from web to api comes to, each with the stamp that the one before gave it; a refusal ends it. */
function walk({ decide }: Decider, shop: ShopEdit): string[] {
  const nodes = ["web"];
  let [answer] = decide([flowAt("outbound", { shop })]);
  for (let hop = 0; answer?.next !== undefined && hop <= 9; hop++) {
    const before = nodes.at(-1) as string;
    const gateway = GATEWAYS.find((name) => answer?.next === `gateway-${hexId(shopWith().node(name).id)}`);
    if (gateway === undefined && nodes.at(-1) === "api") return [...nodes, answer.next];
    const place: Place = gateway === undefined ? "delivery" : hop === 0 ? "first hop" : "second hop";
    nodes.push(gateway ?? "api");
    const stamp = answer.stamp as string;
    const negation: Negation = { shop, at: nodes.at(-1) as string, header: () => [stamp] };
    const peer = { identity: shopWith().identity(before), address: ADDRESSES[before] ?? "10.77.0.11:1" };
    [answer] = decide([flowAt(place, { ...negation, peer })]);
  }
  return [...nodes, answer?.verdict ?? ""];
}
