import { HEADER_DIGEST } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import type { Secret } from "../keys/secret.ts";
import { hexId } from "../model/hex.ts";
import { encodeParts } from "./encode.ts";
import { KeyRing } from "./keys.ts";
import { type PreparedImages, prepareImages } from "./prepare.ts";
import type { Sha256 } from "./section.ts";

type Node = CompiledEndpoint | CompiledGateway;

export interface IssuedImage {
  readonly node: Node;
  readonly generation: bigint;
  /** The bytes in pieces. Made anew by each call: all images at once would be too much memory. */
  readonly parts: () => readonly Uint8Array[];
}

/** Where the part of a header begins that says what a node shall do, behind the generation. */
const CONTENT_AT = 32;

/**
 * Issues the images of all nodes, again and again: a node whose image would say the same keeps its generation, so that
 * an edit disturbs only the nodes that it concerns. Generations only rise.
 */
export class ImageIssuer {
  private sequence = 0;
  private last = new Map<string, Issued>();
  private readonly rings = new Map<string, KeyRing>();

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
    const prepared = prepareImages(policy, this.sha256);
    const epoch = Math.floor(now / policy.overlay.keys.epochSeconds);
    for (const node of [...policy.gateways, ...policy.endpoints]) {
      issued.set(hexId(node.id), this.issueNode(prepared, node, ring, epoch));
    }
  }

  private issueNode(prepared: PreparedImages, node: Node, ring: KeyRing, epoch: number): Issued {
    const parts = (sequence: number) => {
      const keys = ring.keysOf(node, epoch);
      return encodeParts(prepared, node, { term: this.term, sequence, notAfter: ring.notAfter(epoch), keys });
    };
    const [header] = parts(this.sequence) as [Uint8Array];
    const before = this.last.get(hexId(node.id));
    const sequence = before !== undefined && sameContent(before.header, header) ? before.sequence : this.sequence;
    const generation = (BigInt(this.term) << 32n) | BigInt(sequence);
    return { node, generation, sequence, header, parts: () => parts(sequence) };
  }
}

interface Issued extends IssuedImage {
  readonly sequence: number;
  readonly header: Uint8Array;
}

/** The header behind the generation holds every section's digest: if it is the same, so is everything. */
function sameContent(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = CONTENT_AT; i < HEADER_DIGEST; i++) if (a[i] !== b[i]) return false;
  return true;
}
