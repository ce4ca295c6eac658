import fc from "fast-check";
import { EMPTY_WORLD, type World } from "../../controller/model/resources.ts";
import { population } from "./arbitrary-members.ts";
import { networkPolicies } from "./arbitrary-network-policies.ts";
import { audit, clusterPolicies, flowPolicies } from "./arbitrary-tiers.ts";
import {
  FURTHER_GATEWAYS,
  gateway,
  gateways,
  MEMBER_ADDRESSES,
  NODE_ADDRESSES,
  OUTSIDE_ADDRESSES,
  overlay,
} from "./vocabulary.ts";

const isolation = fc.constantFrom("DefaultDeny" as const, "Kubernetes" as const);

/** Worlds with everything that policy can say, and with what the reader leaves of objects that it can't read. */
export const worlds: fc.Arbitrary<World> = fc
  .record({
    isolation,
    enforcement: fc.constantFrom(...Array(7).fill("Enforce" as const), "Audit" as const),
    population,
    policies: fc
      .array(audit, { minLength: 6, maxLength: 6 })
      .chain((audits) => networkPolicies.map((list) => list.map((policy, i) => ({ ...policy, ...audits[i] })))),
    clusterPolicies,
    flowPolicies,
    closed: fc.oneof(
      { arbitrary: fc.constant([]), weight: 4 },
      fc.subarray([...MEMBER_ADDRESSES, ...OUTSIDE_ADDRESSES, ...NODE_ADDRESSES], { minLength: 1, maxLength: 2 }),
    ),
  })
  .map(({ isolation, enforcement, population, ...policies }) => ({
    ...EMPTY_WORLD,
    overlays: [{ ...overlay, isolation, enforcement }],
    gateways: [...gateways, ...FURTHER_GATEWAYS.map((name) => gateway(name, "o")), gateway("far", "other")],
    ...population,
    ...policies,
  }));

/** Without what the reader leaves of unreadable objects, and without lists of gateways that it refuses. */
export const writableWorlds: fc.Arbitrary<World> = worlds.map((world) => ({
  ...world,
  policies: world.policies.filter(({ ingress, egress }) => ingress !== undefined || egress !== undefined),
  clusterPolicies: world.clusterPolicies.filter(
    ({ priority, ingress, egress }) =>
      priority >= 0 && [...ingress, ...egress].every(({ peers }) => peers !== undefined),
  ),
  flowPolicies: world.flowPolicies.filter(({ peers, via }) => peers !== undefined && isReadablePath(via)),
  closed: [],
}));

function isReadablePath(via: readonly string[] | undefined): boolean {
  return via === undefined || (via.length > 0 && via.length <= 8 && new Set(via).size === via.length);
}
