import type { Rejection, World } from "../model/resources.ts";

/**
 * What is read but not decided yet: cluster-wide tiers, flow policies, audited policies. Leaving one out could open what
 * it denies, so a world that has any is closed altogether.
 */
export function undecided({ overlays, clusterPolicies, flowPolicies, policies }: World): Rejection[] {
  const tiers = [...clusterPolicies, ...flowPolicies].map(({ origin }) =>
    rejection(origin, "", `${origin.kind} isn't decided yet, so nothing is let through: remove it`),
  );
  const audited = [...overlays, ...policies]
    .filter(({ enforcement }) => enforcement === "Audit")
    .map(({ origin }) =>
      rejection(origin, "metadata.annotations", "auditing isn't possible yet, so nothing is let through: enforce it"),
    );
  return [...tiers, ...audited];
}

function rejection(origin: Rejection["origin"], field: string, message: string): Rejection {
  return { origin, field, message };
}
