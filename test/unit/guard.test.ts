import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { type GuardFacts, guardRules } from "../../controller/emit/guard.ts";

const CIDRS = ["10.40.0.0/16", "fd40::/64"];

const cases: { name: string; golden: string; facts: GuardFacts }[] = [
  {
    name: "captures an endpoint's connections into the overlay",
    golden: "endpoint.nft",
    facts: { role: "endpoint", overlayCidrs: CIDRS, interception: "Overlay" },
  },
  {
    name: "captures all connections of an endpoint that may not leave the overlay",
    golden: "endpoint-all.nft",
    facts: { role: "endpoint", overlayCidrs: CIDRS, interception: "All" },
  },
  {
    name: "captures nothing at a gateway",
    golden: "gateway.nft",
    facts: { role: "gateway", overlayCidrs: CIDRS, interception: "Overlay" },
  },
];

describe("guard rules", () => {
  test.each(cases)("$name", ({ golden, facts }) => {
    expect(guardRules(facts)).toBe(readFileSync(new URL(`../golden/guard/${golden}`, import.meta.url), "utf8"));
  });

  test.each(["10.40.0.0/16 accept", "10.40.0.0/16\naccept", "", "overlay"])(
    "refuses to print %j as a block",
    (cidr) => {
      expect(() => guardRules({ role: "endpoint", overlayCidrs: [cidr], interception: "Overlay" })).toThrow("block");
    },
  );
});
