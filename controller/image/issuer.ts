import { HEADER_DIGEST } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import type { Secret } from "../keys/secret.ts";
import { hexId } from "../model/hex.ts";
import { encodeImage } from "./encode.ts";
import { KeyRing } from "./keys.ts";
import { prepareImages } from "./prepare.ts";
import type { Sha256 } from "./section.ts";

export interface IssuedImage {
  readonly node: CompiledEndpoint | CompiledGateway;
  readonly generation: bigint;
  readonly bytes: Uint8Array;
}

/** Where the part of a header begins that says what a node shall do, behind the generation. */
const CONTENT_AT = 32;

/**
 * Issues the images of all nodes, again and again: a node whose image would say the same keeps the one it has, so that
 * an edit disturbs only the nodes that it concerns. Generations only rise.
 */
export class ImageIssuer {
  private sequence = 0;
  private last = new Map<string, IssuedImage>();

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
    const issued = new Map<string, IssuedImage>();
    for (const { policy, master } of policies) this.issueOverlay(policy, master, now, issued);
    this.last = issued;
    return issued;
  }

  private issueOverlay(policy: CompiledPolicy, master: Secret, now: number, issued: Map<string, IssuedImage>): void {
    const prepared = prepareImages(policy, this.sha256);
    const ring = new KeyRing(policy, master);
    const epoch = Math.floor(now / policy.overlay.keys.epochSeconds);
    for (const node of [...policy.gateways, ...policy.endpoints]) {
      const issue = {
        term: this.term,
        sequence: this.sequence,
        notAfter: ring.notAfter(epoch),
        keys: ring.keysOf(node, epoch),
      };
      const id = hexId(node.id);
      issued.set(id, this.keepIfSame(id, node, encodeImage(prepared, node, issue)));
    }
  }

  private keepIfSame(id: string, node: CompiledEndpoint | CompiledGateway, bytes: Uint8Array): IssuedImage {
    const before = this.last.get(id);
    if (before !== undefined && sameContent(before.bytes, bytes)) return { ...before, node };
    return { node, generation: (BigInt(this.term) << 32n) | BigInt(this.sequence), bytes };
  }
}

/** The header behind the generation holds every section's digest: if it is the same, so is everything. */
function sameContent(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = CONTENT_AT; i < HEADER_DIGEST; i++) if (a[i] !== b[i]) return false;
  return true;
}
