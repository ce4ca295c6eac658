import { accidents } from "./accidents.ts";
import { blockedPorts } from "./blocked-ports.ts";
import { blocks, uncheckedEgress } from "./blocks.ts";
import { domainNames } from "./domain-names.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { hostNetworkPods } from "./host-network.ts";
import { pathConflicts } from "./path-conflicts.ts";
import { unknownPortNames } from "./port-names.ts";
import { emptySelections } from "./selections.ts";
import { shadowedRules } from "./shadowed.ts";
import { unprotectedMembers } from "./unprotected.ts";

const CHECKS = [
  emptySelections,
  accidents,
  shadowedRules,
  unknownPortNames,
  hostNetworkPods,
  blocks,
  uncheckedEgress,
  domainNames,
  pathConflicts,
  blockedPorts,
  unprotectedMembers,
];

/** Everything that is probably not meant as it is written. */
export function lint(facts: Facts): Finding[] {
  return CHECKS.flatMap((check) => check(facts));
}
