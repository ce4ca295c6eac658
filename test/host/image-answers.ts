/** Everything that images say about some addresses, but for numbers: to compare images of different layout. */
import { type Image, Side } from "../../assembly/decide/image.ts";
import { Audit } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../../controller/compile/compiled.ts";
import { classOf, ruleName } from "./decisions.ts";
import { MEMBER_ADDRESSES, NODE_ADDRESSES, OUTSIDE_ADDRESSES } from "./vocabulary.ts";

const KEYS = [...[53, 80, 81, 443].map((port) => (6 << 16) | port), (17 << 16) | 53, (132 << 16) | 80, 1 << 16];
const ADDRESSES = [...MEMBER_ADDRESSES, ...OUTSIDE_ADDRESSES, ...NODE_ADDRESSES];

/** What a node's image says about the flows that are the node's business. */
export function imageAnswers(image: Image, policy: CompiledPolicy, node: CompiledGateway | CompiledEndpoint): string[] {
  if ("gateway" in node) return pairs(ADDRESSES, ADDRESSES).map(answered(image, policy, Side.Both));
  const own = node.endpoint.addresses;
  return [
    ...pairs(own, ADDRESSES).map(answered(image, policy, Side.Egress)),
    ...pairs(ADDRESSES, own).map(answered(image, policy, Side.Ingress)),
  ];
}

function pairs(from: readonly string[], to: readonly string[]): [string, string][] {
  return from.flatMap((a) => to.map((b): [string, string] => [a, b]));
}

/** Answers of an image between addresses. */
function answered(image: Image, { paths }: CompiledPolicy, side: Side): (pair: [string, string]) => string {
  const known = new Map<string, string>();
  const classes = new Map(ADDRESSES.map((address) => [address, classOf(image, address)]));
  const answer = (from: number, to: number) =>
    KEYS.map((key) => {
      const verdict = image.decide(from, to, key, side);
      const rules = [image.egressRule, image.ingressRule].map((rule) => ruleName(image, rule));
      return [
        verdict,
        ...rules,
        paths[image.path]?.id,
        image.audit,
        image.audit === Audit.None ? "" : ruleName(image, image.auditRule),
      ].join("|");
    }).join("\n");
  return ([a, b]) => {
    const [from, to] = [classes.get(a) as number, classes.get(b) as number];
    const said = known.get(`${from} ${to}`) ?? answer(from, to);
    known.set(`${from} ${to}`, said);
    return `${a} ${b} ${said}`;
  };
}
