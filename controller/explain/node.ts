import { Sha256 } from "../../assembly/crypto/sha256.ts";
import { Admission } from "../../assembly/decide/admission.ts";
import { Expectation, Image, type Side } from "../../assembly/decide/image.ts";
import { ImageFault } from "../../assembly/decide/image-check.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { Audit, Role } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import { encodeImage } from "../image/encode.ts";
import { KeyRing } from "../image/keys.ts";
import { type PreparedImages, prepareImages } from "../image/prepare.ts";
import { sha256 } from "../keys/derive.ts";
import { Secret } from "../keys/secret.ts";
import { parseAddress } from "../model/address.ts";

/** Any moment and any master key do: what is asked is what policy says, not who holds which key. */
export const NOW = 1_000_000_000;
const MASTER = new Secret(new Uint8Array(32));

/** The nodes of an overlay as their filters see the world: each with its image, encoded and opened again. */
export class Nodes {
  private readonly prepared: PreparedImages;
  private readonly ring: KeyRing;
  private readonly open = new Map<CompiledEndpoint | CompiledGateway, OpenNode>();

  constructor(readonly policy: CompiledPolicy) {
    this.prepared = prepareImages(policy, sha256);
    this.ring = new KeyRing(policy, MASTER);
  }

  node(node: CompiledEndpoint | CompiledGateway): OpenNode {
    const known = this.open.get(node) ?? new OpenNode(this.policy.overlay.id, node, this.encode(node));
    this.open.set(node, known);
    return known;
  }

  private encode(node: CompiledEndpoint | CompiledGateway): Uint8Array {
    const epoch = Math.floor(NOW / this.policy.overlay.keys.epochSeconds);
    const keys = this.ring.keysOf(node, epoch);
    return encodeImage(this.prepared, node, { term: 1, sequence: 1, notAfter: this.ring.notAfter(epoch), keys });
  }
}

/** A side of a flow, decided. */
export interface SideAnswer {
  readonly verdict: "allowed" | "denied";
  /** The rule that decided: `NetworkPolicy shop/db ingress[0]`, the isolating policy, or the overlay's default. */
  readonly rule: string;
  /** What it would be if audited policies were enforced, where that is something else. */
  readonly audited?: { readonly verdict: "allowed" | "denied" | "rerouted"; readonly rule: string };
}

const AUDITED = { [Audit.Allow]: "allowed", [Audit.Deny]: "denied", [Audit.Path]: "rerouted" } as const;

export class OpenNode {
  readonly admission: Admission;
  private readonly image = new Image();

  constructor(overlayId: number, node: CompiledEndpoint | CompiledGateway, bytes: Uint8Array) {
    const want = new Expectation();
    want.node = new DataView(node.id.buffer, node.id.byteOffset, 8);
    want.overlay = overlayId;
    want.role = "gateway" in node ? Role.Gateway : Role.Endpoint;
    const fault = this.image.open(bytes, bytes.length, want, new Sha256(), NOW);
    if (fault !== ImageFault.None) throw new Error(`the image just encoded was refused: ${ImageFault[fault]}`);
    this.admission = new Admission(this.image, want.node);
  }

  /** What this node's image says of one side of a flow; the key is `protocol << 16 | port`. */
  side(from: string, to: string, key: number, side: Side.Egress | Side.Ingress): SideAnswer {
    const verdict = this.image.decide(this.classOf(from), this.classOf(to), key, side);
    const { audit, auditRule } = this.image;
    // That the other side's gateways are others is no denial of this one.
    const isAllowed = verdict === Verdict.Allow || verdict === Verdict.PathConflict;
    return {
      verdict: isAllowed ? "allowed" : "denied",
      // Of the two only the side that was asked for is set.
      rule: verdict === Verdict.ImageInvalid ? "" : this.ruleName(this.image.egressRule + this.image.ingressRule),
      ...(audit !== Audit.None && { audited: { verdict: AUDITED[audit], rule: this.ruleName(auditRule) } }),
    };
  }

  private ruleName(rule: number): string {
    const name = new Uint8Array(1024);
    return new TextDecoder().decode(name.subarray(0, this.image.copyRule(rule, name)));
  }

  private classOf(address: string): number {
    return this.image.classOf(new DataView((parseAddress(address) as Uint8Array).buffer), 0);
  }
}
