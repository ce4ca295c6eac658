/** Few names, few labels, blocks that cut through members: in worlds made of these everything meets everything. */
import type { Origin, Overlay, OverlayGateway } from "../../controller/model/resources.ts";

export const NAMESPACES = ["a", "b", "a-b"];
export const KEYS = ["app", "tier"];
export const VALUES = ["x", "y", "z"];
export const PORT_NAMES = ["web", "dns"];
export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export const PORTS = [53, 80, 81, 443];
export const SERVICE_ACCOUNTS = ["web", "web-db"];

/** Addresses that endpoints draw from, two families. */
export const MEMBER_ADDRESSES = [
  ...["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "10.0.1.2", "10.0.1.3"],
  ...["fd00::1", "fd00::2", "fd00::3", "fd00:0:0:1::1", "fd00:0:0:1::2", "fd00:0:0:1::3"],
];
/** Addresses no endpoint has, inside and outside the blocks below and at their bounds. */
export const OUTSIDE_ADDRESSES = ["10.0.0.0", "10.0.1.0", "192.0.2.1", "255.255.255.255", "fd00::", "2001:db8::1"];
/** Of nodes and their host-network pods. */
export const NODE_ADDRESSES = ["10.0.2.1", "192.0.2.2", "fd00:0:0:2::1"];
export const BLOCKS = [
  ...["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.0.0.2/31", "10.0.1.2/32", "192.0.2.0/24", "255.255.255.255/32"],
  ...["::/0", "fd00::/64", "fd00::2/127", "fd00:0:0:1::/64", "2001:db8::/32", "::/1"],
];

/** SPIFFE ids of peers: of endpoints and of service accounts, whole and all below a path. */
export const IDENTITIES = [
  ...["spiffe://test/e0", "spiffe://test/e1", "spiffe://test/*", "spiffe://test/nobody"],
  ...["spiffe://cluster.local/ns/a/sa/web", "spiffe://cluster.local/ns/a/*", "spiffe://cluster.local/ns/b/sa/*"],
];

export const DEFAULT_PATH = ["g", "h"];
/** Gateways beside those of the default path: with them a list can name more than a path holds. */
export const FURTHER_GATEWAYS = ["i", "j", "k", "l", "m", "n", "o"];

export const origin = (kind: string, name: string): Origin => ({ file: "world.yaml", line: 1, kind, name });

export const overlay: Overlay = {
  origin: origin("Overlay", "o"),
  name: "o",
  id: 7,
  cidr: ["10.0.0.0/8", "fd00::/16"],
  path: DEFAULT_PATH,
  isolation: "DefaultDeny",
  enforcement: "Enforce",
  interception: "Overlay",
  podOptOut: "Refuse",
  keys: { epochSeconds: 3600, horizon: 6, keyGeneration: 0 },
};

/** Those of the default path. */
export const gateways: OverlayGateway[] = DEFAULT_PATH.map((name) => gateway(name, "o"));

export function gateway(name: string, overlayName: string): OverlayGateway {
  return {
    origin: origin("OverlayGateway", name),
    name,
    overlays: [overlayName],
    addresses: ["10.9.0.1:15042"],
    identity: `spiffe://test/gateway/${name}`,
  };
}
