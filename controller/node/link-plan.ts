/** The `ip -batch` lines that build a lab: one bridge, a veth pair per node, everything on-link. Pure text. */

export const BRIDGE = "sp0";

/** Where nodes find the controller, unless told otherwise. Link-local, so that no overlay can contain it. */
export const CONTROLLER_ADDRESS = "169.254.15.44";
/** The same for nodes without IPv4: a unique local address that spells "sally". */
export const CONTROLLER_ADDRESS_6 = "fd73:616c:6c79::44";

/** Bridge side, once. Multicast snooping off: with no querier it only delays neighbour discovery. */
export const BRIDGE_LINES: readonly string[] = [
  "link set lo up",
  `link add ${BRIDGE} type bridge mcast_snooping 0`,
  `link set ${BRIDGE} up`,
];

/** Gives `device` host addresses: no network is ever on-link but by the routes below. */
export function addressLines(addresses: readonly string[], device: string): string[] {
  // Duplicate address detection would hold an IPv6 address back for a second.
  return addresses.map((address) => `addr add ${prefixed(address)} dev ${device}${isV6(address) ? " nodad" : ""}`);
}

/** Bridge side of node number `index`, whose namespace is kept in `file`. */
export function attachLines(index: number, file: string, addresses: readonly string[]): string[] {
  return [
    `link add ${vethName(index)} type veth peer name eth0 netns ${file}`,
    `link set ${vethName(index)} master ${BRIDGE} up`,
    ...addresses.map((address) => `route replace ${prefixed(address)} dev ${BRIDGE}`),
  ];
}

export function detachLines(index: number, addresses: readonly string[]): string[] {
  return [`link del ${vethName(index)}`, ...addresses.map((address) => `route del ${prefixed(address)} dev ${BRIDGE}`)];
}

/** Inside the node: host addresses and an on-link default route, so that every other node is one ARP away. */
export function nodeLines(addresses: readonly string[]): string[] {
  const v4 = addresses.find((address) => !isV6(address));
  const v6 = addresses.find(isV6);
  return [
    "link set lo up",
    "link set eth0 up",
    ...addressLines(addresses, "eth0"),
    ...(v4 === undefined ? [] : [`route add 0.0.0.0/0 dev eth0 src ${v4}`]),
    ...(v6 === undefined ? [] : [`route add ::/0 dev eth0 src ${v6}`]),
  ];
}

export function isV4(address: string): boolean {
  return !isV6(address);
}

export function isV6(address: string): boolean {
  return address.includes(":");
}

function vethName(index: number): string {
  return `sp-${index}`;
}

function prefixed(address: string): string {
  return isV6(address) ? `${address}/128` : `${address}/32`;
}
