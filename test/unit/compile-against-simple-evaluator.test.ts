import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Image, Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import type { World } from "../../controller/model/resources.ts";
import { worlds } from "../host/arbitrary-worlds.ts";
import { classOf, openImage, ruleName, sha256 } from "../host/decisions.ts";
import { egressAnswer, type Flow, ingressAnswer, type SideAnswer } from "../host/simple-evaluator.ts";
import { OUTSIDE_ADDRESSES } from "../host/vocabulary.ts";

/** Protocol and port: named and numbered ports, their neighbours, and a protocol without ports. */
const KEYS = [
  ...[53, 80, 81, 380, 381, 443].map((port) => [6, port] as const),
  ...([
    [17, 53],
    [132, 80],
    [1, 0],
  ] as const),
];

/** Tables say the same whether peers are told apart by region, one by one, or some so and some so. */
const exceptions = fc.constantFrom(0, 1, 1000);

test("a gateway's image gives each side's answer and rule that the simple evaluator gives", () => {
  fc.assert(
    fc.property(worlds, exceptions, (world, exceptions) => {
      const { policy, rejections } = compile(world, "o", { limits: { exceptions } });
      const image = openImage(prepareImages(policy, sha256), policy.gateways[0] as CompiledGateway);
      const addresses = [...membersOf(world), ...OUTSIDE_ADDRESSES];
      const all = flows(addresses, addresses);
      expect(rejections).toEqual([]);
      expect(disagreements(image, Side.Egress, all, (flow) => egressAnswer(world, flow))).toEqual([]);
      expect(disagreements(image, Side.Ingress, all, (flow) => ingressAnswer(world, flow))).toEqual([]);
    }),
    { numRuns: 120 },
  );
});

test("an endpoint's image gives its own sides' answers and can't decide for others", () => {
  fc.assert(
    fc.property(worlds, exceptions, (world, exceptions) => {
      const { policy } = compile(world, "o", { limits: { exceptions } });
      const prepared = prepareImages(policy, sha256);
      const everyone = [...membersOf(world), ...OUTSIDE_ADDRESSES];
      for (const node of policy.endpoints.slice(0, 2)) {
        const image = openImage(prepared, node);
        const own = node.endpoint.addresses;
        const ownClasses = own.map((address) => classOf(image, address));
        const strangers = everyone.filter((address) => !ownClasses.includes(classOf(image, address)));
        expect(disagreements(image, Side.Egress, flows(own, everyone), (flow) => egressAnswer(world, flow))).toEqual(
          [],
        );
        expect(disagreements(image, Side.Ingress, flows(everyone, own), (flow) => ingressAnswer(world, flow))).toEqual(
          [],
        );
        expect(flows(strangers, everyone).some((flow) => sideOf(image, flow, Side.Egress).allowed)).toBe(false);
        expect(flows(everyone, strangers).some((flow) => sideOf(image, flow, Side.Ingress).allowed)).toBe(false);
      }
    }),
    { numRuns: 60 },
  );
});

function disagreements(image: Image, side: Side, flows: readonly Flow[], answer: (flow: Flow) => SideAnswer): object[] {
  return flows.flatMap((flow) => {
    const got = sideOf(image, flow, side);
    const want = answer(flow);
    return got.allowed === want.allowed && got.rule === want.rule ? [] : [{ flow, got, want }];
  });
}

function membersOf(world: World): string[] {
  return world.endpoints.flatMap(({ addresses }) => addresses);
}

function flows(from: readonly string[], to: readonly string[]): Flow[] {
  return from.flatMap((source) =>
    to.flatMap((destination) => KEYS.map(([protocol, port]) => ({ from: source, to: destination, protocol, port }))),
  );
}

function sideOf(image: Image, { from, to, protocol, port }: Flow, side: Side): SideAnswer {
  const verdict = image.decide(classOf(image, from), classOf(image, to), (protocol << 16) | port, side);
  return {
    allowed: verdict === Verdict.Allow,
    rule: ruleName(image, side === Side.Egress ? image.egressRule : image.ingressRule),
  };
}
