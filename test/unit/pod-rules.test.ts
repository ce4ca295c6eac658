import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { podRules } from "../../controller/emit/istio/rules.ts";

const cases = [
  { name: "of a cluster with both families", golden: "pod.nft", cidrs: ["10.244.0.0/16", "fd00:10:244::/56"] },
  { name: "of a cluster with IPv4 alone", golden: "pod-ipv4.nft", cidrs: ["10.244.0.0/16"] },
  { name: "of an overlay that audits", golden: "pod-audit.nft", cidrs: ["10.244.0.0/16"], audits: true },
  { name: "of an overlay that captures everything", golden: "pod-all.nft", cidrs: [], interception: "All" as const },
];

describe("the rules of a pod", () => {
  test.each(cases)("$name", ({ golden, ...facts }) => {
    const file = new URL(`../golden/istio/${golden}`, import.meta.url);
    if (process.env.REGENERATE !== undefined) writeFileSync(file, podRules(facts));
    expect(podRules(facts)).toBe(readFileSync(file, "utf8"));
  });

  test.each(["10.40.0.0/16 accept", "10.40.0.0/16\naccept", "", "overlay"])("hold no %j as a block", (cidr) => {
    expect(() => podRules({ cidrs: [cidr] })).toThrow("block");
  });
});
