import type { Rejection, World } from "../model/resources.ts";

/** Endpoints and gateways of overlays that don't exist: no compilation would ever see them. */
export function strays({ overlays, gateways, endpoints }: World): Rejection[] {
  const names = new Set(overlays.map(({ name }) => name));
  const message = (name: string) => `there is no Overlay ${name}: add it, or name another`;
  const lostEndpoints = endpoints
    .filter(({ overlay }) => !names.has(overlay))
    .map(({ origin, overlay }) => ({ origin, field: "spec.overlay", message: message(overlay) }));
  const lostGateways = gateways.flatMap(({ origin, overlays: served }) =>
    served.flatMap((name, i) => {
      return names.has(name) ? [] : [{ origin, field: `spec.overlays[${i}]`, message: message(name) }];
    }),
  );
  return [...lostEndpoints, ...lostGateways];
}
