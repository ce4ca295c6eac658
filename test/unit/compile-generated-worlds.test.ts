import { describe, expect, test } from "@jest/globals";
import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import type { World } from "../../controller/model/resources.ts";
import { adversarialWorld, OVERLAY, realisticWorld } from "../../perf/worlds.ts";
import { classOf, openImage, sha256 } from "../host/decisions.ts";
import { egressAnswer, type Flow, ingressAnswer } from "../host/simple-evaluator.ts";

const SIZE = { endpoints: 400, policies: 400, namespaces: 20, seed: 7 };
const SAMPLES = 4000;

describe.each([
  ["realistic", realisticWorld],
  ["adversarial", adversarialWorld],
])("the %s world of the benchmark", (_, generate) => {
  const world = generate(SIZE);

  test("is the same for the same seed", () => expect(generate(SIZE)).toEqual(world));

  test("is decided as the simple evaluator decides it", () => {
    const { policy, rejections } = compile(world, OVERLAY);
    expect(rejections).toEqual([]);
    const image = openImage(prepareImages(policy, sha256), policy.gateways[0] as CompiledGateway);
    const flows = sampleFlows(world);
    const allows = ({ from, to, protocol, port }: Flow, side: Side) => {
      const key = (protocol << 16) | port;
      return image.decide(classOf(image, from), classOf(image, to), key, side) === Verdict.Allow;
    };
    const wrong = flows.filter((flow) => {
      const egress = allows(flow, Side.Egress) === egressAnswer(world, flow).allowed;
      return !egress || allows(flow, Side.Ingress) !== ingressAnswer(world, flow).allowed;
    });
    expect(wrong).toEqual([]);
    // Else the sample would say little.
    expect(flows.filter((flow) => allows(flow, Side.Egress) || allows(flow, Side.Ingress)).length).toBeGreaterThan(100);
  });
});

/** Flows between random parties, on ports that the worlds' policies name. */
function sampleFlows({ endpoints }: World): Flow[] {
  const outside = ["203.0.5.1", "203.0.63.255", "198.18.0.5", "198.51.100.1", "192.168.0.1"];
  const parties = [...endpoints.flatMap(({ addresses }) => addresses), ...outside, ...outside];
  let random = 1;
  const pick = <T>(list: readonly T[]): T => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return list[Math.floor((random / 2 ** 32) * list.length)] as T;
  };
  const ports = [53, 443, 1100, 1107, 8000, 8003, 8080, 8443, 9090];
  return Array.from({ length: SAMPLES }, () => {
    return { from: pick(parties), to: pick(parties), protocol: pick([6, 6, 6, 17]), port: pick(ports) };
  });
}
