/** What the images of a world answer, beside what the slow evaluator says of it. */
import { Side } from "../../assembly/decide/image.ts";
import { ImageFault } from "../../assembly/decide/image-check.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { Role } from "../../assembly/wire/image.ts";
import type { TableLimits } from "../../controller/compile/budget.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledEndpoint, CompiledGateway } from "../../controller/compile/compiled.ts";
import { encodeImage, type Issue } from "../../controller/image/encode.ts";
import { type PreparedImages, prepareImages } from "../../controller/image/prepare.ts";
import { parseAddress } from "../../controller/model/address.ts";
import { hexId } from "../../controller/model/hex.ts";
import type { World } from "../../controller/model/resources.ts";
import { sha256 } from "./decisions.ts";
import type { Portable, Runtime } from "./portable.ts";
import type { Flow } from "./simple-evaluator.ts";
import { type Decision, decision, type SideDecision } from "./tier-evaluator.ts";

export interface Disagreement {
  readonly flow: Flow;
  /** Whose image, read by what: `gateway g in Wasm`. */
  readonly where: string;
  readonly got: string;
  readonly want: string;
}

/** The first flow that the image of a gateway or of one of a few endpoints decides unlike the evaluator. */
export function disagreementOn(
  world: World,
  flows: readonly Flow[],
  runtimes: readonly Runtime[],
  limits: Partial<TableLimits> = {},
): Disagreement | undefined {
  const { policy } = compile(world, world.overlays[0]?.name ?? "", { limits });
  const prepared = prepareImages(policy, sha256);
  const wanted = flows.map((flow) => decision(world, flow));
  const nodes = [...policy.gateways.slice(0, 1), ...policy.endpoints.slice(0, 3)];
  for (const node of nodes) {
    for (const { name, portable } of runtimes) {
      const reader = new Reader(portable, prepared, node);
      for (const [i, flow] of flows.entries()) {
        const sides = reader.sidesOf(flow);
        const { egress, ingress, path } = wanted[i] as Decision;
        // An endpoint knows by which way the far side sends a flow, not whether it lets it in.
        const asksPath = sides === Side.Both || (egress.allowed && ingress.allowed);
        const got = reader.answer(flow, sides, asksPath);
        const want = text(sides, said(egress), said(ingress), asksPath, path);
        if (got !== want) return { flow, where: `${nameOf(node)} in ${name}`, got, want };
      }
    }
  }
  return undefined;
}

type Node = CompiledGateway | CompiledEndpoint;

const ISSUE: Issue = { term: 1, sequence: 1, notAfter: 1000, keys: [] };

const nameOf = (node: Node) => ("gateway" in node ? `gateway ${node.gateway.name}` : `endpoint ${node.endpoint.name}`);

/** Answers from the image of one node. */
class Reader {
  private readonly own: readonly string[] | undefined;
  private readonly gateways: ReadonlyMap<string, string>;
  private readonly classes = new Map<string, number>();

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

  answer(flow: Flow, sides: number, asksPath: boolean): string {
    const isAllowed = asksPath && this.decide(flow, sides) === Verdict.Allow;
    const path = isAllowed ? this.path() : undefined;
    return text(sides, this.side(flow, Side.Egress), this.side(flow, Side.Ingress), asksPath, path);
  }

  private side(flow: Flow, side: Side): string {
    const verdict = this.decide(flow, side);
    const rule = side === Side.Egress ? this.portable.imageEgressRule() : this.portable.imageIngressRule();
    const name = Buffer.from(this.portable.imageRuleName(rule)).toString("latin1");
    return `${verdict === Verdict.Allow ? "allow" : "deny"} by ${name}`;
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

const said = ({ allowed, rule }: SideDecision) => `${allowed ? "allow" : "deny"} by ${rule}`;

function text(sides: number, egress: string, ingress: string, asksPath: boolean, path?: readonly string[]): string {
  return [
    ...((sides & Side.Egress) === 0 ? [] : [`egress: ${egress}`]),
    ...((sides & Side.Ingress) === 0 ? [] : [`ingress: ${ingress}`]),
    ...(asksPath ? [path === undefined ? "not through" : `through ${path.join(" ")}`] : []),
  ].join("; ");
}
