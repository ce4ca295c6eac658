import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Image, Side } from "../../assembly/decide/image.ts";
import { type Compilation, Compiler, compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway, CompiledPolicy } from "../../controller/compile/compiled.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import type { World } from "../../controller/model/resources.ts";
import { classOf, openImage, ruleName, sha256 } from "../host/decisions.ts";
import { histories } from "../host/edits.ts";
import { MEMBER_ADDRESSES, NODE_ADDRESSES, OUTSIDE_ADDRESSES } from "../host/vocabulary.ts";

const KEYS = [...[53, 80, 81, 443].map((port) => (6 << 16) | port), (17 << 16) | 53, (132 << 16) | 80, 1 << 16];
const ADDRESSES = [...MEMBER_ADDRESSES, ...OUTSIDE_ADDRESSES, ...NODE_ADDRESSES];

/** Tables say the same whether peers are told apart by region or one by one. */
const exceptions = fc.constantFrom(undefined, 0, 1, 1000);

test("decides worlds that follow each other as if each were the first", () => {
  let [updates, restarts] = [0, 0];
  fc.assert(
    fc.property(histories(8), exceptions, (history, exceptions) => {
      const options = exceptions === undefined ? {} : { limits: { exceptions } };
      const compiler = new Compiler("o", options);
      for (const world of history) {
        const [got, want] = [compiler.update(world), compile(world, "o", options)];
        expect(got.rejections).toEqual(want.rejections);
        expect(answers(got, world)).toEqual(answers(want, world));
      }
      updates += history.length - 1;
      restarts += compiler.restarts - 1;
    }),
    { numRuns: 60 },
  );
  // Else this would say little.
  expect(restarts).toBeLessThan(updates / 2);
});

test("gives the same objects where nothing has changed", () => {
  fc.assert(
    fc.property(histories(1), ([world]) => {
      const compiler = new Compiler("o");
      const first = compiler.update(world as World).policy;
      const second = compiler.update({ ...(world as World) }).policy;
      expect(second.endpoints.every((endpoint, i) => endpoint === first.endpoints[i])).toBe(true);
      expect(second.table).toEqual(first.table);
    }),
    { numRuns: 20 },
  );
});

/** Everything that the images of a gateway and of two endpoints say, but for numbers. */
function answers({ policy }: Compilation, { endpoints }: World): string[] {
  const prepared = prepareImages(policy, sha256);
  const gateway = openImage(prepared, policy.gateways[0] as CompiledGateway);
  const members = policy.endpoints.map(({ endpoint, addresses }) => `${endpoint.name} ${addresses.length}`);
  const own = policy.endpoints.slice(0, 2).flatMap((node) => {
    const image = openImage(prepared, node);
    const mine = endpoints.length === 0 ? [] : node.endpoint.addresses;
    return [
      ...pairs(mine, ADDRESSES).map(answered(image, policy, Side.Egress)),
      ...pairs(ADDRESSES, mine).map(answered(image, policy, Side.Ingress)),
    ];
  });
  return [...members, ...pairs(ADDRESSES, ADDRESSES).map(answered(gateway, policy, Side.Both)), ...own];
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
      return [verdict, ...rules, paths[image.path]?.id, image.audit, ruleName(image, image.auditRule)].join("|");
    }).join("\n");
  return ([a, b]) => {
    const [from, to] = [classes.get(a) as number, classes.get(b) as number];
    const said = known.get(`${from} ${to}`) ?? answer(from, to);
    known.set(`${from} ${to}`, said);
    return `${a} ${b} ${said}`;
  };
}
