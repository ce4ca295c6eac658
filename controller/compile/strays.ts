import type { Rejection, World } from "../model/resources.ts";

/** Endpoints, gateways and policies of overlays that don't exist: no compilation would ever see them. */
export function strays({ overlays, gateways, endpoints, flowPolicies }: World): Rejection[] {
  const names = new Set(overlays.map(({ name }) => name));
  const message = (name: string) => `there is no Overlay ${name}: add it, or name another`;
  const lostEndpoints = endpoints
    // A pod of no overlay isn't lost.
    .filter(({ overlay }) => overlay !== "" && !names.has(overlay))
    .map(({ origin, overlay }) => ({ origin, field: "spec.overlay", message: message(overlay) }));
  const lostGateways = gateways.flatMap(({ origin, overlays: served }) =>
    served.flatMap((name, i) => {
      return names.has(name) ? [] : [{ origin, field: `spec.overlays[${i}]`, message: message(name) }];
    }),
  );
  const lostPolicies = flowPolicies.flatMap(({ origin, overlay }) =>
    overlay === undefined || names.has(overlay) ? [] : [{ origin, field: "spec.overlay", message: message(overlay) }],
  );
  return [...lostEndpoints, ...lostGateways, ...lostPolicies];
}
