import { expect, test } from "@jest/globals";
import { Compiler, compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import type { World } from "../../controller/model/resources.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { openImage, sha256 } from "../host/decisions.ts";
import { imageAnswers } from "../host/image-answers.ts";

const OVERLAY = `
apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: o}
spec: {id: 1, cidr: [10.0.0.0/8], path: [g]}
---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: g}
spec: {overlays: [o], addresses: ["10.9.0.1:15042"], identity: "spiffe://d/g"}
`;
const endpoint = (name: string, address: string) => `---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayEndpoint
metadata: {name: ${name}}
spec: {overlay: o, namespace: a, addresses: [${address}], identity: "spiffe://d/${name}"}
`;
const allow = (name: string, block: string) => `---
apiVersion: sallyport.dev/v1alpha1
kind: FlowPolicy
metadata: {name: ${name}}
spec: {overlay: o, priority: 1, subject: {podSelector: {}}, action: Allow, from: [{ipBlock: ${block}}]}
`;
const near = endpoint("near", "10.0.1.1") + endpoint("next", "10.0.1.2");
const excepted = endpoint("excepted", "10.0.0.3");
const most = allow("most", "{cidr: 10.0.0.0/8, except: [10.0.0.0/24]}");
const one = allow("one", "{cidr: 10.0.1.2/32}");

test("forgets what it decided for a class while nobody was in it", () => {
  const all = decodeWorld([{ file: "w.yaml", text: OVERLAY + near + excepted + most + one }]);
  expect(all.rejections).toEqual([]);
  const { world } = all;
  const without = { ...world, endpoints: world.endpoints.filter(({ name }) => name !== "excepted") };
  const rewritten = { ...without, flowPolicies: without.flowPolicies.map((policy) => ({ ...policy })) };
  const back = { ...rewritten, endpoints: world.endpoints };
  const compiler = new Compiler("o");
  for (const step of [world, without, rewritten]) compiler.update(step);
  expect(answersOf(compiler.update(back).policy)).toEqual(answersOf(compile(back as World, "o").policy));
  expect(compiler.restarts).toBe(1);
});

function answersOf(policy: ReturnType<Compiler["update"]>["policy"]): string[] {
  const gateway = policy.gateways[0] as CompiledGateway;
  return imageAnswers(openImage(prepareImages(policy, sha256), gateway), policy, gateway);
}
