import type { Overlay, Rejection, World } from "../model/resources.ts";
import { networkStatements } from "./network-statements.ts";
import type { Paths } from "./paths.ts";
import type { Selections } from "./selections.ts";
import type { Direction, Statement, Statements } from "./statement.ts";
import { TierStatements } from "./tier-statements.ts";

/** What all policies say about an overlay's members, tier by tier. What can't be understood is rejected and allows nothing. */
export function statementsOf(
  world: World,
  overlay: Overlay,
  selections: Selections,
  paths: Paths,
  rejections: Rejection[],
): Statements {
  const tiers = new TierStatements(world, selections, paths, rejections);
  const network = networkStatements(world.policies, selections, rejections);
  const flow = world.flowPolicies.filter((policy) => (policy.overlay ?? overlay.name) === overlay.name);
  const inOrder = (direction: Direction): Statement[] => [
    ...tiers.unreadable(),
    ...tiers.cluster(world.clusterPolicies, "Admin", direction),
    ...tiers.flow(flow, direction),
    ...network(direction),
    ...tiers.cluster(world.clusterPolicies, "Baseline", direction),
  ];
  return { ingress: inOrder("ingress"), egress: inOrder("egress") };
}
