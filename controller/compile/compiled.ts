import type { Overlay, OverlayEndpoint, OverlayGateway } from "../model/resources.ts";
import type { VerdictTable } from "./verdict-table.ts";

/** An overlay, decided: who is in it and what each pair of address classes may do. Equal worlds give equal values. */
export interface CompiledPolicy {
  readonly overlay: Overlay;
  /** Members on loopback addresses were allowed, for machines without network namespaces. */
  readonly loopbackMembers: boolean;
  /** Those of the default path first, in its order, then by name. At most 255. */
  readonly gateways: readonly CompiledGateway[];
  /** The overlay's default path is the first; empty if that path is unusable: then no flow gets anywhere. */
  readonly paths: readonly CompiledPath[];
  /** By namespace and name. */
  readonly endpoints: readonly CompiledEndpoint[];
  /** Where the class of outsiders changes, ascending; class 0 before the first. */
  readonly ranges: readonly OutsiderRange[];
  readonly table: VerdictTable;
}

export interface CompiledGateway {
  readonly gateway: OverlayGateway;
  /** 8 bytes. */
  readonly id: Uint8Array;
}

export interface CompiledPath {
  /** u32, neither 0 nor 0xffffffff. */
  readonly id: number;
  /** Indexes of gateways, 1..8, in the order they are passed. */
  readonly gateways: readonly number[];
}

export interface CompiledEndpoint {
  readonly endpoint: OverlayEndpoint;
  /** 8 bytes. */
  readonly id: Uint8Array;
  /** Ascending, distinct. */
  readonly addresses: readonly ClassedAddress[];
}

export interface ClassedAddress {
  /** 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. */
  readonly address: Uint8Array;
  readonly class: number;
}

export interface OutsiderRange {
  /** First address, 16 bytes in network order. */
  readonly first: Uint8Array;
  readonly class: number;
}
