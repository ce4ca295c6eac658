/** Answers from the image of one node, in either language. */
import { Side } from "../../assembly/decide/image.ts";
import { ImageFault } from "../../assembly/decide/image-check.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { Audit, Role } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway } from "../../controller/compile/compiled.ts";
import { encodeImage, type Issue } from "../../controller/image/encode.ts";
import type { PreparedImages } from "../../controller/image/prepare.ts";
import { parseAddress } from "../../controller/model/address.ts";
import { hexId } from "../../controller/model/hex.ts";
import { type Asked, answerText, sideText } from "./answer-text.ts";
import type { Portable } from "./portable.ts";
import type { Flow } from "./simple-evaluator.ts";

export type Node = CompiledGateway | CompiledEndpoint;

const ISSUE: Issue = { term: 1, sequence: 1, notAfter: 1000, keys: [] };

export class ImageReader {
  private readonly own: readonly string[] | undefined;
  private readonly gateways: ReadonlyMap<string, string>;
  private readonly classes = new Map<string, number>();

  /** Opens the image as the one of `portable`, which holds one at a time. */
  constructor(
    private readonly portable: Portable,
    prepared: PreparedImages,
    node: Node,
  ) {
    const { gateways, overlay } = prepared.policy;
    const role = "gateway" in node ? Role.Gateway : Role.Endpoint;
    this.own = "gateway" in node ? undefined : node.endpoint.addresses;
    this.gateways = new Map(gateways.map(({ id, gateway }) => [hexId(id), gateway.name]));
    portable.resetImage();
    const fault = portable.openImage(encodeImage(prepared, node, ISSUE), node.id, overlay.id, role, 1);
    if (fault !== ImageFault.None) throw new Error(`image refused: ${ImageFault[fault]}`);
  }

  /** The sides that the node decides: an endpoint its own. */
  sidesOf({ from, to }: Flow): number {
    if (this.own === undefined) return Side.Both;
    return (this.own.includes(from) ? Side.Egress : 0) | (this.own.includes(to) ? Side.Ingress : 0);
  }

  answer(flow: Flow, asked: Asked): string {
    const [egress, ingress] = [this.side(flow, Side.Egress), this.side(flow, Side.Ingress)];
    const { path, would } = this.verdict(flow, asked.sides);
    return answerText(asked, egress, ingress, path, would);
  }

  /** The gateways that the flow passes, undefined if it is denied; and would it be allowed, were nothing audited? */
  verdict(flow: Flow, sides: number): { path: readonly string[] | undefined; would: boolean } {
    const isAllowed = this.decide(flow, sides) === Verdict.Allow;
    return { path: isAllowed ? this.path() : undefined, would: this.would(isAllowed) };
  }

  private side(flow: Flow, side: Side): string {
    const verdict = this.decide(flow, side);
    // A conflict of paths is no side's denial.
    const allowed = verdict === Verdict.Allow || verdict === Verdict.PathConflict;
    const rule = side === Side.Egress ? this.portable.imageEgressRule() : this.portable.imageIngressRule();
    const would = { allowed: this.would(allowed), rule: this.ruleName(this.portable.imageAuditRule()) };
    return sideText({ allowed, rule: this.ruleName(rule) }, would);
  }

  private ruleName(rule: number): string {
    return Buffer.from(this.portable.imageRuleName(rule)).toString("latin1");
  }

  /** Would the last answer be to allow, were nothing audited? */
  private would(isAllowed: boolean): boolean {
    const audit = this.portable.imageAudit();
    return audit === Audit.None ? isAllowed : audit !== Audit.Deny;
  }

  private path(): string[] {
    return Array.from({ length: this.portable.imagePathLength() }, (_, hop) => {
      return this.gateways.get(hexId(this.portable.imagePathNode(hop))) ?? "nobody";
    });
  }

  private decide({ from, to, protocol, port }: Flow, sides: number): number {
    return this.portable.imageDecide(this.classOf(from), this.classOf(to), ((protocol << 16) | port) >>> 0, sides);
  }

  private classOf(address: string): number {
    const cls = this.classes.get(address) ?? this.portable.imageClassOf(parseAddress(address) as Uint8Array);
    this.classes.set(address, cls);
    return cls;
  }
}
