import {
  addressSlot,
  GATEWAY_RECORD,
  MEMBER_SLOT,
  NONE,
  PATH_RECORD,
  RANGE_RECORD,
  Section,
} from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledPolicy } from "../compile/compiled.ts";
import { countsOf } from "../compile/counts.ts";
import type { VerdictTable } from "../compile/verdict-table.ts";
import { capacityFor, copyBytes, type EncodedSection, records, type Sha256, section } from "./section.ts";
import { slice } from "./slice.ts";
import { Strings } from "./strings.ts";
import { tableSections } from "./table.ts";

export type Sections = ReadonlyMap<Section, EncodedSection>;

/**
 * Encodes and hashes once what the images of a policy share; nothing before it is asked for, and nothing again that
 * `before` had made from the same objects.
 */
export function prepareImages(policy: CompiledPolicy, sha256: Sha256, before?: PreparedImages): PreparedImages {
  return new PreparedImages(policy, sha256, before);
}

/** What each part is made from: the same objects, the same bytes. */
const SOURCES = {
  gateways: ({ gateways, endpoints }: CompiledPolicy) => [gateways, endpoints],
  paths: ({ paths }: CompiledPolicy) => [paths],
  ranges: ({ ranges }: CompiledPolicy) => [ranges],
  identities: ({ gateways, endpoints }: CompiledPolicy) => [gateways, endpoints],
  gatewayMembers: ({ gateways, endpoints }: CompiledPolicy) => [gateways, endpoints],
  endpointMembers: ({ endpoints }: CompiledPolicy) => [endpoints],
  gatewayTable: ({ table, gateways, endpoints }: CompiledPolicy) => [table, gateways, endpoints],
  slices: ({ table, gateways }: CompiledPolicy) => [table, gateways],
  sliceUses: ({ endpoints }: CompiledPolicy) => [endpoints],
};

type Part = keyof typeof SOURCES;

export class PreparedImages {
  private readonly parts = new Map<Part, unknown>();
  private gatewaySections: Sections | undefined;
  private endpointSections: Sections | undefined;

  constructor(
    readonly policy: CompiledPolicy,
    readonly sha256: Sha256,
    before?: PreparedImages,
  ) {
    if (before === undefined || before.sha256 !== sha256) return;
    for (const [part, value] of before.parts) {
      const [old, now] = [SOURCES[part](before.policy), SOURCES[part](policy)];
      if (old.every((source, i) => source === now[i])) this.parts.set(part, value);
    }
  }

  /** Everything in a gateway's image but its keys. */
  get gateway(): Sections {
    this.gatewaySections ??= new Map([
      ...this.shared,
      [Section.Own, this.section(new Uint8Array(0))],
      [Section.Members, this.once("gatewayMembers", () => this.members((identity) => identity))],
      ...this.once("gatewayTable", () => this.table(withoutFarPaths(this.policy.table), [...this.identities.keys()])),
    ]);
    return this.gatewaySections;
  }

  /** Everything in an endpoint's image but its keys and own addresses. */
  forEndpoint(endpoint: CompiledEndpoint): Sections {
    this.endpointSections ??= new Map([
      ...this.shared,
      [Section.Members, this.once("endpointMembers", () => this.members(() => NONE))],
    ]);
    return new Map([...this.endpointSections, ...this.sliceFor(endpoint)]);
  }

  section(bytes: Uint8Array): EncodedSection {
    return section(bytes, this.sha256);
  }

  private sliceFor(endpoint: CompiledEndpoint): Sections {
    const slices = this.once("slices", () => new Map<string, Sections>());
    const classes = classesOf(endpoint);
    const key = classes.join();
    const known = slices.get(key);
    if (known !== undefined) return known;
    const gatewayIdentities = new Set(this.policy.gateways.map(({ gateway }) => gateway.identity));
    const sections = this.table(slice(this.policy.table, classes), [...gatewayIdentities]);
    // Keeping what only one endpoint uses would double the memory of a world where all labels are unique.
    const uses = this.once("sliceUses", () => countsOf(this.policy.endpoints.map((one) => classesOf(one).join())));
    if ((uses.get(key) ?? 0) > 1) slices.set(key, sections);
    return sections;
  }

  private get shared(): [Section, EncodedSection][] {
    const { policy } = this;
    const gateways = () => this.section(gatewayRecords(policy, this.identities));
    return [
      [Section.Gateways, this.once("gateways", gateways)],
      [Section.Paths, this.once("paths", () => this.section(pathRecords(policy)))],
      [Section.Ranges, this.once("ranges", () => this.section(rangeRecords(policy)))],
    ];
  }

  private get identities(): ReadonlyMap<string, number> {
    return this.once("identities", () => identitiesOf(this.policy));
  }

  private members(identityOf: (identity: number) => number): EncodedSection {
    const { identities } = this;
    const ofMember = ({ endpoint }: CompiledEndpoint) => identityOf(identities.get(endpoint.identity) as number);
    return this.section(memberSlots(this.policy, ofMember));
  }

  private once<T>(part: Part, make: () => T): T {
    if (!this.parts.has(part)) this.parts.set(part, make());
    return this.parts.get(part) as T;
  }

  private table(table: VerdictTable, identities: readonly string[]): Map<Section, EncodedSection> {
    const strings = new Strings();
    const encoded = tableSections(table);
    encoded.set(Section.Identities, strings.records(identities));
    encoded.set(Section.Rules, strings.records(table.rules));
    encoded.set(Section.Strings, strings.bytes());
    return new Map([...encoded].map(([number, bytes]) => [number, this.section(bytes)]));
  }
}

/** Gateways hold both sides of every flow. */
function withoutFarPaths(table: VerdictTable): VerdictTable {
  return { ...table, classes: table.classes.map((rows) => ({ ...rows, farIngress: NONE, farEgress: NONE })) };
}

function classesOf({ addresses }: CompiledEndpoint): number[] {
  return [...new Set(addresses.map((address) => address.class))].sort((a, b) => a - b);
}

/** Indexes of SPIFFE ids: gateways' first, so that an endpoint's image can hold just those. */
function identitiesOf({ gateways, endpoints }: CompiledPolicy): Map<string, number> {
  const identities = new Map<string, number>();
  const add = (identity: string) => {
    if (!identities.has(identity)) identities.set(identity, identities.size);
  };
  for (const { gateway } of gateways) add(gateway.identity);
  for (const { endpoint } of endpoints) add(endpoint.identity);
  return identities;
}

function gatewayRecords({ gateways }: CompiledPolicy, identities: ReadonlyMap<string, number>): Uint8Array {
  return records(gateways, GATEWAY_RECORD, (view, at, { id, gateway }) => {
    copyBytes(view, at, id);
    view.setUint32(at + 8, identities.get(gateway.identity) as number, true);
  });
}

function pathRecords({ paths }: CompiledPolicy): Uint8Array {
  return records(paths, PATH_RECORD, (view, at, { id, gateways }) => {
    view.setUint32(at, id, true);
    view.setUint32(at + 4, gateways.length, true);
    for (let place = 0; place < 8; place++) view.setUint8(at + 8 + place, gateways[place] ?? 255);
  });
}

function rangeRecords({ ranges }: CompiledPolicy): Uint8Array {
  return records(ranges, RANGE_RECORD, (view, at, range) => {
    copyBytes(view, at, range.first);
    view.setUint32(at + 16, range.class, true);
  });
}

function memberSlots({ endpoints }: CompiledPolicy, identityOf: (endpoint: CompiledEndpoint) => number): Uint8Array {
  const capacity = capacityFor(endpoints.reduce((sum, { addresses }) => sum + addresses.length, 0));
  const bytes = new Uint8Array(capacity * MEMBER_SLOT);
  const view = new DataView(bytes.buffer);
  for (const endpoint of endpoints) {
    for (const { address, class: cls } of endpoint.addresses) {
      const at = freeSlot(view, capacity, address) * MEMBER_SLOT;
      copyBytes(view, at, address);
      copyBytes(view, at + 16, endpoint.id);
      view.setUint32(at + 24, cls, true);
      view.setUint32(at + 28, identityOf(endpoint), true);
    }
  }
  return bytes;
}

function freeSlot(view: DataView, capacity: number, address: Uint8Array): number {
  const words = new DataView(address.buffer, address.byteOffset, 16);
  const [a, b, c, d] = [0, 4, 8, 12].map((at) => words.getUint32(at, true)) as [number, number, number, number];
  let slot = addressSlot(a, b, c, d, capacity);
  // An empty slot is the unspecified address, which no member has.
  while (view.getBigUint64(slot * MEMBER_SLOT) !== 0n || view.getBigUint64(slot * MEMBER_SLOT + 8) !== 0n)
    slot = (slot + 1) & (capacity - 1);
  return slot;
}
