import { parseAddress } from "../model/address.ts";
import { hexId } from "../model/hex.ts";
import type { Namespace, Overlay, OverlayEndpoint, Rejection, World } from "../model/resources.ts";
import { type Difference, Differences } from "./differences.ts";
import { endpointId } from "./ids.ts";
import { compareText } from "./order.ts";
import { type AddressRange, addressNumber, blockRanges } from "./ranges.ts";
import { Sorted } from "./sorted.ts";
import { Tally } from "./tally.ts";

/** An endpoint that takes part in an overlay: the same object from world to world while its endpoint is. */
export interface AdmittedMember {
  readonly endpoint: OverlayEndpoint;
  /** Its node id. */
  readonly id: Uint8Array;
  /** Ascending, distinct. */
  readonly addresses: readonly bigint[];
}

export interface AdmissionOptions {
  readonly allowLoopback: boolean;
  /** Name of the cluster that pods are in. */
  readonly cluster: string;
  readonly gatewayIds: readonly Uint8Array[];
}

type Complaint = Omit<Rejection, "origin">;

/**
 * Leaves out every endpoint about which anything is wrong; of two that contradict each other, both. Remembers the world
 * before, so that a world like it costs what differs; overlay and options stay the same.
 */
export class Admission {
  private readonly differences = new Differences<OverlayEndpoint>();
  private readonly candidates = new Map<OverlayEndpoint, Candidate>();
  private readonly sorted = new Sorted<Candidate>((a, b) => compareText(a.name, b.name));
  private readonly names = new Tally<string>();
  private readonly ids = new Tally<string>();
  private readonly claims = new Tally<bigint>();
  private readonly cidr: readonly AddressRange[];
  private ambiguous: ReadonlySet<string> = new Set();
  private closed: ReadonlySet<bigint | undefined> = new Set();
  private closedText = "";
  private readonly complaints = new Map<Candidate, readonly Complaint[]>();
  private members: readonly AdmittedMember[] = [];

  constructor(
    private readonly overlay: Overlay,
    private readonly options: AdmissionOptions,
  ) {
    this.cidr = overlay.cidr.flatMap((cidr) => blockRanges(cidr) ?? []);
    for (const id of options.gatewayIds) this.ids.add(hexId(id));
  }

  /** The endpoints of a world that take part, by namespace and name. */
  admit({ endpoints, namespaces, closed }: World, rejections: Rejection[]): readonly AdmittedMember[] {
    const { added, removed } = this.differ(endpoints);
    const wasContested = this.contested;
    for (const candidate of removed) this.count(candidate, "remove");
    for (const candidate of added) this.count(candidate, "add");
    const sameWorld = this.takeFacts(namespaces, closed);
    const isSettled = sameWorld && !wasContested && !this.contested;
    if (added.length + removed.length > 0) this.sorted.change({ added, removed });
    else if (sameWorld) return this.again(rejections);
    // Where nobody contests anything, what was said about the others stands.
    this.judge(isSettled ? added : this.sorted.all, isSettled ? removed : [...this.complaints.keys()]);
    return this.again(rejections);
  }

  /** Candidates that came and went. */
  private differ(endpoints: readonly OverlayEndpoint[]): Difference<Candidate> {
    const { name } = this.overlay;
    const { added, removed } = this.differences.next(endpoints);
    const came = added
      .filter(({ overlay }) => overlay === name)
      .map((endpoint) => [endpoint, candidateOf(endpoint, this.options.cluster)] as const);
    const left = removed.flatMap((endpoint) => this.candidates.get(endpoint) ?? []);
    for (const endpoint of removed) this.candidates.delete(endpoint);
    for (const [endpoint, candidate] of came) this.candidates.set(endpoint, candidate);
    return { added: came.map(([, candidate]) => candidate), removed: left };
  }

  private judge(asked: readonly Candidate[], forgotten: readonly Candidate[]): void {
    for (const candidate of forgotten) this.complaints.delete(candidate);
    for (const candidate of asked) {
      const complaints = this.complaintsAbout(candidate);
      if (complaints.length > 0) this.complaints.set(candidate, complaints);
    }
    const { all } = this.sorted;
    this.members = this.complaints.size === 0 ? all : all.filter((candidate) => !this.complaints.has(candidate));
  }

  private again(rejections: Rejection[]): readonly AdmittedMember[] {
    for (const [{ endpoint }, complaints] of this.complaints) {
      for (const complaint of complaints) rejections.push({ origin: endpoint.origin, ...complaint });
    }
    return this.members;
  }

  /** Whether what is told of other objects is nothing, or as it was. */
  private takeFacts(namespaces: readonly Namespace[], closed: readonly string[]): boolean {
    const ambiguous = ambiguousNamespaces(namespaces);
    const text = closed.join();
    const isSame = ambiguous.size === 0 && this.ambiguous.size === 0 && text === this.closedText;
    this.ambiguous = ambiguous;
    this.closed = new Set(closed.map(numberOf));
    this.closedText = text;
    return isSame;
  }

  private count({ name, idText, addresses }: Candidate, change: "add" | "remove"): void {
    this.names[change](name);
    this.ids[change](idText);
    for (const address of addresses) this.claims[change](address);
  }

  /** Some name, node id or address is claimed twice. */
  private get contested(): boolean {
    return this.names.anyShared || this.ids.anyShared || this.claims.anyShared;
  }

  private complaintsAbout({ endpoint, name, idText, numbers }: Candidate): Complaint[] {
    const complaints: Complaint[] = [];
    if (this.names.isShared(name)) {
      complaints.push({
        field: "metadata.name",
        message: "another endpoint of this overlay has this namespace and name; rename one",
      });
    } else if (this.ids.isShared(idText)) {
      complaints.push({
        field: "metadata.name",
        message: "its node id, a hash of its name, is another node's too; rename it",
      });
    }
    if (this.ambiguous.has(endpoint.namespace)) {
      complaints.push({
        field: "spec.namespace",
        message: "this namespace is declared more than once, with different labels; remove one",
      });
    }
    if (numbers.length === 0)
      complaints.push({ field: "spec.addresses", message: "is empty: list the endpoint's addresses" });
    numbers.forEach((address, i) => {
      const message = this.addressComplaint(address);
      if (message !== undefined) complaints.push({ field: `spec.addresses[${i}]`, message });
    });
    return complaints;
  }

  private addressComplaint(address: bigint | undefined): string | undefined {
    if (address === undefined) return "is not an IP address";
    const sort = unusable(address);
    if (sort !== undefined && !(sort === "loopback" && this.options.allowLoopback))
      return `is ${sort}: an endpoint needs an address of its own`;
    if (!this.cidr.some(({ first, last }) => first <= address && address <= last))
      return "is outside the overlay's spec.cidr";
    if (this.claims.isShared(address)) return "is claimed by another endpoint too: neither gets it";
    if (this.closed.has(address)) return "is claimed by an object that could not be read, too: repair or remove that";
    return undefined;
  }
}

/** An endpoint with what its texts say. */
interface Candidate extends AdmittedMember {
  readonly name: string;
  readonly idText: string;
  /** By its list of addresses; undefined: not an address. */
  readonly numbers: readonly (bigint | undefined)[];
}

function candidateOf(endpoint: OverlayEndpoint, cluster: string): Candidate {
  const id = endpointId(endpoint, cluster);
  const numbers = endpoint.addresses.map(numberOf);
  const distinct = [...new Set(numbers.filter((number) => number !== undefined))];
  const addresses = distinct.sort((a, b) => (a < b ? -1 : 1));
  return { endpoint, name: `${endpoint.namespace}/${endpoint.name}`, id, idText: hexId(id), numbers, addresses };
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
  const seen = new Map<string, Namespace>();
  const ambiguous = new Set<string>();
  for (const namespace of namespaces) {
    const first = seen.get(namespace.name);
    if (first === undefined) seen.set(namespace.name, namespace);
    else if (labelText(first) !== labelText(namespace)) ambiguous.add(namespace.name);
  }
  return ambiguous;
}

/** Equal for equal labels. */
export function labelText({ labels }: Namespace): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function numberOf(text: string): bigint | undefined {
  const bytes = parseAddress(text);
  return bytes === undefined ? undefined : addressNumber(bytes);
}
