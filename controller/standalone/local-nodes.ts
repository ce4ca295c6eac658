/** What nodes that run on this machine need beyond what an overlay asks of every node. Pure. */
import { TUNNEL_PORT } from "../model/ports.ts";
import type { OverlayGateway, Rejection, World } from "../model/resources.ts";

/** Complaints about gateways and endpoints that are local; nothing can run until they are settled. */
export function localComplaints({ gateways, endpoints }: Pick<World, "gateways" | "endpoints">): Rejection[] {
  const local = gateways.filter((gateway) => gateway.local !== undefined);
  const nodes = [
    ...endpoints.filter((endpoint) => endpoint.local !== undefined).map(({ name, origin }) => ({ name, origin })),
    ...local.flatMap(({ name, origin, addresses }) => addresses.map((_, i) => ({ name: `${name}-${i}`, origin }))),
  ];
  const seen = new Set<string>();
  const repeated = nodes.filter(({ name }) => seen.has(name) || !seen.add(name));
  return [
    ...local.flatMap(servesSeveral),
    ...local.flatMap(otherPorts),
    ...repeated.map(({ name, origin }) => ({
      origin,
      field: "metadata.name",
      message: `a node of this machine is called ${name} already (replicas of a gateway are called NAME-0, NAME-1, ...); rename one`,
    })),
  ];
}

/** A SaP has one image, that of its overlay. */
function servesSeveral({ origin, overlays }: OverlayGateway): Rejection[] {
  if (overlays.length < 2) return [];
  return [
    { origin, field: "spec.overlays", message: "a gateway that runs here serves one overlay: give each its own" },
  ];
}

/** The listener and the guard know one port. */
function otherPorts({ origin, addresses }: OverlayGateway): Rejection[] {
  return addresses.flatMap((address, i) =>
    address.endsWith(`:${TUNNEL_PORT}`)
      ? []
      : [{ origin, field: `spec.addresses[${i}]`, message: `must have port ${TUNNEL_PORT}, not that of ${address}` }],
  );
}
