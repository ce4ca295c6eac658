import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeNetworkPolicy } from "../../controller/read/network-policy.ts";
import { app, origin, policy } from "./policies.ts";

describe("whatever it is given", () => {
  const anything = fc.anything({ maxDepth: 6, withNullPrototype: true });
  /** Real fields with values that are right, broken or garbage. */
  const near = (() => {
    const selector = fc.oneof(
      fc.constant({}),
      anything,
      fc.record({ matchLabels: fc.oneof(anything, fc.dictionary(fc.string(), fc.string())) }, { requiredKeys: [] }),
    );
    const peer = fc.oneof(
      fc.constant({ podSelector: {} }),
      anything,
      fc.record({ podSelector: selector, namespaceSelector: selector, ipBlock: anything }, { requiredKeys: [] }),
    );
    const port = fc.oneof(
      anything,
      fc.record(
        { protocol: fc.constantFrom("TCP", "tcp"), port: fc.oneof(fc.integer(), fc.string()), endPort: fc.integer() },
        { requiredKeys: [] },
      ),
    );
    const rule = fc.oneof(
      anything,
      fc.constant({}),
      fc.record({ from: fc.array(peer), to: fc.array(peer), ports: fc.array(port) }, { requiredKeys: [] }),
    );
    const types = fc.oneof(anything, fc.subarray(["Ingress", "Egress", "Both"]));
    const spec = fc.record(
      { podSelector: selector, policyTypes: types, ingress: fc.array(rule), egress: fc.array(rule), other: anything },
      { requiredKeys: [] },
    );
    return fc.oneof(spec, anything).map((spec) => policy(spec));
  })();

  test("never throws, and always isolates something", () => {
    fc.assert(
      fc.property(fc.oneof(anything, near), (object) => {
        const { policy: left } = decodeNetworkPolicy(object, origin);
        expect(left.ingress ?? left.egress).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  test("allows only what rules allow that are right by themselves", () => {
    fc.assert(
      fc.property(near, (object) => {
        const { spec } = object as { spec: Record<string, unknown> };
        const { policy: left } = decodeNetworkPolicy(object, origin);
        for (const direction of ["ingress", "egress"] as const) {
          for (const { index, ...rule } of left[direction] ?? []) {
            const raw = (spec[direction] as unknown[])[index];
            const alone = decodeNetworkPolicy(
              policy({ policyTypes: ["Ingress", "Egress"], [direction]: [raw] }),
              origin,
            );
            expect(alone).toMatchObject({ rejections: [], policy: { [direction]: [rule] } });
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("isolates at least as much as the policy did before a part of it was broken", () => {
    const fields = ["apiVersion", "metadata", "podSelector", "policyTypes", "ingress", "egress", "other"] as const;
    const types = fc.constantFrom(undefined, ["Ingress"], ["Egress"], ["Ingress", "Egress"]);
    fc.assert(
      fc.property(
        types,
        fc.boolean(),
        fc.constantFrom(...fields),
        anything,
        (policyTypes, hasEgress, field, garbage) => {
          const spec = {
            podSelector: app("web"),
            ...(policyTypes && { policyTypes }),
            ingress: [{}],
            ...(hasEgress && { egress: [{}] }),
          };
          const before = decodeNetworkPolicy(policy(spec), origin).policy;
          const isOutside = field === "apiVersion" || field === "metadata";
          const broken = isOutside ? policy(spec, { [field]: garbage }) : policy({ ...spec, [field]: garbage });
          const { policy: after, rejections } = decodeNetworkPolicy(broken, origin);
          fc.pre(rejections.length > 0);
          if (before.ingress) expect(after.ingress).toBeDefined();
          if (before.egress) expect(after.egress).toBeDefined();
          expect([before.podSelector, { requirements: [] }]).toContainEqual(after.podSelector);
          for (const direction of ["ingress", "egress"] as const) {
            if (field !== direction) expect([[{ index: 0 }], [], undefined]).toContainEqual(after[direction]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
