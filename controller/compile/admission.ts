import { parseAddress } from "../model/address.ts";
import type { Namespace, Overlay, OverlayEndpoint, Rejection, World } from "../model/resources.ts";
import type { MemberAddress } from "./classes.ts";
import { countsOf } from "./counts.ts";
import { endpointId } from "./ids.ts";
import { type AddressRange, addressNumber, blockRanges } from "./ranges.ts";

/** The endpoints that take part in an overlay, by namespace and name, and their distinct addresses. */
export interface AdmittedEndpoints {
  readonly endpoints: readonly OverlayEndpoint[];
  /** Their node ids. */
  readonly ids: readonly Uint8Array[];
  /** Ascending within an endpoint. */
  readonly addresses: readonly MemberAddress[];
}

export interface AdmissionOptions {
  readonly allowLoopback: boolean;
  readonly gatewayIds: readonly Uint8Array[];
}

type Complaint = Omit<Rejection, "origin">;

/** Leaves out every endpoint about which anything is wrong; of two that contradict each other, both. */
export function admitEndpoints(
  world: World,
  overlay: Overlay,
  options: AdmissionOptions,
  rejections: Rejection[],
): AdmittedEndpoints {
  const candidates = world.endpoints.filter((endpoint) => endpoint.overlay === overlay.name).sort(byName);
  const candidateIds = candidates.map(endpointId);
  const facts: Facts = {
    cidr: overlay.cidr.flatMap((cidr) => blockRanges(cidr) ?? []),
    allowLoopback: options.allowLoopback,
    ids: countsOf([...options.gatewayIds, ...candidateIds].map(String)),
    names: countsOf(candidates.map(nameOf)),
    claims: countsOf(candidates.flatMap(({ addresses }) => [...new Set(addresses.map(numberOf))])),
    closed: new Set(world.closed.map(numberOf)),
    ambiguous: ambiguousNamespaces(world.namespaces),
  };
  const endpoints: OverlayEndpoint[] = [];
  const ids: Uint8Array[] = [];
  const addresses: MemberAddress[] = [];
  candidates.forEach((candidate, i) => {
    const id = candidateIds[i] as Uint8Array;
    const complaints = complaintsAbout(candidate, id, facts);
    for (const complaint of complaints) rejections.push({ origin: candidate.origin, ...complaint });
    if (complaints.length > 0) return;
    ids.push(id);
    const endpoint = endpoints.push(candidate) - 1;
    const distinct = new Set(candidate.addresses.map((text) => numberOf(text) as bigint));
    for (const address of [...distinct].sort((a, b) => (a < b ? -1 : 1))) addresses.push({ endpoint, address });
  });
  return { endpoints, ids, addresses };
}

interface Facts {
  readonly cidr: readonly AddressRange[];
  readonly allowLoopback: boolean;
  readonly ids: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<string, number>;
  readonly claims: ReadonlyMap<bigint | undefined, number>;
  readonly closed: ReadonlySet<bigint | undefined>;
  readonly ambiguous: ReadonlySet<string>;
}

function complaintsAbout(endpoint: OverlayEndpoint, id: Uint8Array, facts: Facts): Complaint[] {
  const complaints: Complaint[] = [];
  if ((facts.names.get(nameOf(endpoint)) ?? 0) > 1) {
    complaints.push({
      field: "metadata.name",
      message: "another endpoint of this overlay has this namespace and name; rename one",
    });
  } else if ((facts.ids.get(String(id)) ?? 0) > 1) {
    complaints.push({
      field: "metadata.name",
      message: "its node id, a hash of its name, is another node's too; rename it",
    });
  }
  if (facts.ambiguous.has(endpoint.namespace)) {
    complaints.push({
      field: "spec.namespace",
      message: "this namespace is declared more than once, with different labels; remove one",
    });
  }
  if (endpoint.addresses.length === 0)
    complaints.push({ field: "spec.addresses", message: "is empty: list the endpoint's addresses" });
  endpoint.addresses.forEach((text, i) => {
    const message = addressComplaint(numberOf(text), facts);
    if (message !== undefined) complaints.push({ field: `spec.addresses[${i}]`, message });
  });
  return complaints;
}

function addressComplaint(
  address: bigint | undefined,
  { cidr, allowLoopback, claims, closed }: Facts,
): string | undefined {
  if (address === undefined) return "is not an IP address";
  const sort = unusable(address);
  if (sort !== undefined && !(sort === "loopback" && allowLoopback))
    return `is ${sort}: an endpoint needs an address of its own`;
  if (!cidr.some(({ first, last }) => first <= address && address <= last)) return "is outside the overlay's spec.cidr";
  if ((claims.get(address) ?? 0) > 1) return "is claimed by another endpoint too: neither gets it";
  if (closed.has(address)) return "is claimed by an object that could not be read, too: repair or remove that";
  return undefined;
}

/** Addresses that name no single machine of a network (RFC 6890, RFC 4291). */
function unusable(address: bigint): "unspecified" | "loopback" | "multicast" | undefined {
  const ipv4 = address >> 32n === 0xffffn ? Number(address & 0xffffffffn) : undefined;
  if (address === 0n || (ipv4 !== undefined && ipv4 >>> 24 === 0)) return "unspecified";
  if (address === 1n || (ipv4 !== undefined && ipv4 >>> 24 === 127)) return "loopback";
  if (address >> 120n === 0xffn || (ipv4 !== undefined && ipv4 >>> 24 >= 224)) return "multicast";
  return undefined;
}

function ambiguousNamespaces(namespaces: readonly Namespace[]): Set<string> {
  const seen = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const { name, labels } of namespaces) {
    const text = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    if ((seen.get(name) ?? text) !== text) ambiguous.add(name);
    seen.set(name, text);
  }
  return ambiguous;
}

function numberOf(text: string): bigint | undefined {
  const bytes = parseAddress(text);
  return bytes === undefined ? undefined : addressNumber(bytes);
}

function nameOf({ namespace, name }: OverlayEndpoint): string {
  return `${namespace}/${name}`;
}

function byName(a: OverlayEndpoint, b: OverlayEndpoint): number {
  const [x, y] = [nameOf(a), nameOf(b)];
  if (x !== y) return x < y ? -1 : 1;
  return 0;
}
