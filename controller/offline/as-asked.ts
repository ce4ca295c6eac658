import type { Isolation, Overlay, World } from "../model/resources.ts";

/** No object can have this name. */
const NAME = "(implied)";

/**
 * The world as offline commands ask about it: `isolation`, if given, holds in every overlay. Where nobody wrote an
 * Overlay, all endpoints are in one that carries nothing and answers as Kubernetes does unless asked otherwise.
 */
export function asAsked(world: World, isolation: Isolation | undefined): World {
  if (world.overlays.length > 0) {
    const asked = (overlay: Overlay) => (isolation === undefined ? overlay : { ...overlay, isolation });
    return { ...world, overlays: world.overlays.map(asked) };
  }
  const overlay = impliedOverlay(isolation ?? "Kubernetes");
  return {
    ...world,
    overlays: [overlay],
    endpoints: world.endpoints.map((one) => ({ ...one, overlay: NAME })),
    flowPolicies: world.flowPolicies.map((one) => ({ ...one, overlay: NAME })),
  };
}

/** The world in which nothing is audited any more: all of it is enforced. */
export function asEnforced(world: World): World {
  return {
    ...world,
    overlays: world.overlays.map((overlay) => ({ ...overlay, enforcement: "Enforce" })),
    policies: world.policies.map(enforced),
    clusterPolicies: world.clusterPolicies.map(enforced),
    flowPolicies: world.flowPolicies.map(enforced),
  };
}

function enforced<T extends { readonly enforcement?: "Audit" }>({ enforcement, ...policy }: T): Omit<T, "enforcement"> {
  return policy;
}

/** Nobody wrote this overlay. */
export function isImplied({ name }: Overlay): boolean {
  return name === NAME;
}

function impliedOverlay(isolation: Isolation): Overlay {
  return {
    origin: { file: "", line: 1, kind: "Overlay", name: NAME },
    name: NAME,
    id: 1,
    cidr: ["0.0.0.0/0", "::/0"],
    path: [],
    isolation,
    enforcement: "Enforce",
    interception: "Overlay",
    podOptOut: "Refuse",
    keys: { epochSeconds: 3600, horizon: 6, keyGeneration: 0 },
  };
}
