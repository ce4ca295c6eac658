/** What is published at one moment, and who may have which part of it. Immutable. */
import type { Peer } from "./peer.ts";
import type { Refusal } from "./refusal.ts";

export interface NodeImage {
  /** SPIFFE id that the peer must show. */
  readonly identity: string;
  /** Canonical addresses of the node, or of the replicas of a gateway. They count where identities are shared. */
  readonly addresses: readonly string[];
  /** They count always: others may get a certificate of the same identity. */
  readonly onlyFromAddresses?: boolean;
  readonly generation: bigint;
  /** The bytes, written in this order; a function is called when a poll needs them. */
  readonly parts: readonly Uint8Array[] | (() => readonly Uint8Array[]);
}

export class Published {
  readonly #images: ReadonlyMap<string, NodeImage> | undefined;
  readonly #shared: ReadonlySet<string>;

  /** Images by node id in hex; undefined before the first compilation, when nobody can be told that it is unknown. */
  constructor(images: ReadonlyMap<string, NodeImage> | undefined) {
    this.#images = images;
    this.#shared = sharedIdentities(images);
  }

  get nodes(): ReadonlyMap<string, NodeImage> {
    return this.#images ?? new Map();
  }

  /** Why `peer` may not have that node's image at `now`, milliseconds since 1970; undefined: it may. */
  refusal(node: string, peer: Peer, now: number): Refusal | undefined {
    if (this.#images === undefined) return "nothing-published";
    const image = this.#images.get(node);
    if (image === undefined) return "unknown-node";
    if (image.identity !== peer.identity) return "other-node";
    if (peer.notAfter <= now) return "certificate-ended";
    const isEnough = image.onlyFromAddresses !== true && !this.#shared.has(image.identity);
    const told = isEnough || image.addresses.includes(peer.address);
    return told ? undefined : "other-address";
  }
}

/** Identities of more than one node, such as pods of one service account: they don't tell nodes apart. */
function sharedIdentities(images: ReadonlyMap<string, NodeImage> | undefined): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { identity } of images?.values() ?? []) {
    if (seen.has(identity)) shared.add(identity);
    seen.add(identity);
  }
  return shared;
}
