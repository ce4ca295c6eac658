import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import type { Secret } from "../keys/secret.ts";
import { hexId } from "../model/hex.ts";
import { encodeParts } from "./encode.ts";
import { KeyRing } from "./keys.ts";
import { type PreparedImages, prepareImages } from "./prepare.ts";
import { SameDecisions } from "./same-decisions.ts";
import type { Sha256 } from "./section.ts";

type Node = CompiledEndpoint | CompiledGateway;

export interface IssuedImage {
  readonly node: Node;
  readonly generation: bigint;
  /** The bytes in pieces. Made anew by each call: all images at once would be too much memory. */
  readonly parts: () => readonly Uint8Array[];
}

/** Policies from which images are kept; beyond that, nodes with an older one get a new image, fewest first. */
const EDITIONS_MOST = 4;

/**
 * Issues the images of all nodes, again and again: a node that would decide the same keeps its image and its generation,
 * so that an edit disturbs only the nodes that it concerns. Generations only rise.
 */
export class ImageIssuer {
  private sequence = 0;
  private last = new Map<string, Issued>();
  private readonly rings = new Map<string, KeyRing>();
  private readonly editions = new Map<string, Edition>();
  private readonly ids = new WeakMap<Node, string>();

  constructor(
    private readonly term: number,
    private readonly sha256: Sha256,
  ) {}

  /** Images by node id (16 hex digits) for these policies at this time, unix seconds. */
  issue(
    policies: readonly { readonly policy: CompiledPolicy; readonly master: Secret }[],
    now: number,
  ): ReadonlyMap<string, IssuedImage> {
    this.sequence++;
    const issued = new Map<string, Issued>();
    for (const { policy, master } of policies) this.issueOverlay(policy, this.ring(policy, master), now, issued);
    this.last = issued;
    return issued;
  }

  private ring(policy: CompiledPolicy, master: Secret): KeyRing {
    const { name } = policy.overlay;
    const known = this.rings.get(name);
    const ring = known?.fits(policy, master) ? known : new KeyRing(policy, master);
    this.rings.set(name, ring);
    return ring;
  }

  private issueOverlay(policy: CompiledPolicy, ring: KeyRing, now: number, issued: Map<string, Issued>): void {
    const { name, keys } = policy.overlay;
    const before = this.editions.get(name);
    const edition = new Edition(policy, ring, Math.floor(now / keys.epochSeconds), this.sequence, this.sha256, before);
    this.editions.set(name, edition);
    const sameKeys = before?.ring === ring && before.epoch === edition.epoch;
    const same = before !== undefined && sameKeys ? new SameDecisions(before.policy, policy) : undefined;
    const kept = new Map<Edition, Issued[]>();
    for (const node of [...policy.gateways, ...policy.endpoints]) {
      const image = this.kept(node, name, same) ?? this.fresh(node, edition);
      issued.set(this.id(node), image);
      if (image.edition === edition) continue;
      const others = kept.get(image.edition);
      if (others === undefined) kept.set(image.edition, [image]);
      else others.push(image);
    }
    for (const images of surplus(kept))
      for (const { node } of images) issued.set(this.id(node), this.fresh(node, edition));
  }

  /** The image that the node has, if it would decide the same by a new one. */
  private kept(node: Node, overlay: string, same: SameDecisions | undefined): Issued | undefined {
    const last = this.last.get(this.id(node));
    if (last === undefined || same === undefined || last.edition.policy.overlay.name !== overlay) return undefined;
    return isSameFor(last.node, node, same) ? { ...last, node } : undefined;
  }

  private fresh(node: Node, edition: Edition): Issued {
    const generation = (BigInt(this.term) << 32n) | BigInt(edition.sequence);
    return { node, generation, edition, parts: () => edition.parts(node, this.term) };
  }

  private id(node: Node): string {
    const id = this.ids.get(node) ?? hexId(node.id);
    this.ids.set(node, id);
    return id;
  }
}

interface Issued extends IssuedImage {
  readonly edition: Edition;
}

/** A policy with the keys of an epoch. */
class Edition {
  private prepared: PreparedImages | undefined;
  /** What was encoded before, until it was looked at. */
  private earlier: PreparedImages | undefined;

  constructor(
    readonly policy: CompiledPolicy,
    readonly ring: KeyRing,
    readonly epoch: number,
    readonly sequence: number,
    private readonly sha256: Sha256,
    before: Edition | undefined,
  ) {
    this.earlier = before?.prepared ?? before?.earlier;
  }

  parts(node: Node, term: number): Uint8Array[] {
    this.prepared ??= prepareImages(this.policy, this.sha256, this.earlier);
    this.earlier = undefined;
    const { sequence, ring, epoch } = this;
    return encodeParts(this.prepared, node, {
      term,
      sequence,
      notAfter: ring.notAfter(epoch),
      keys: ring.keysOf(node, epoch),
    });
  }
}

function isSameFor(old: Node, now: Node, same: SameDecisions): boolean {
  if ("gateway" in old || "gateway" in now) return same.gateways();
  return same.endpoint(old, now);
}

/** The images of all editions but those that most have. */
function surplus(kept: ReadonlyMap<Edition, readonly Issued[]>): (readonly Issued[])[] {
  const byCount = [...kept.values()].sort((a, b) => b.length - a.length);
  return byCount.slice(EDITIONS_MOST);
}
