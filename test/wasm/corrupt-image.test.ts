import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SECTION_COUNT, Section } from "../../assembly/wire/image.ts";
import { type Decider, deciders } from "../host/deciders.ts";
import { type Flow, flowAt, PLACES, type Place } from "../host/flow.ts";
import { sectionsOf, withSections } from "../host/image-surgery.ts";
import { shopWith } from "../host/shop.ts";

/**
 * An image is the controller's, and its digests fit: what is in it may be wrong all the same. It may then decide
 * anything, but a filter that traps is a filter that is gone, and one that doesn't come back holds up its worker.
 */
const RUNS = 150;

/** One change of one section. */
type Damage = { readonly section: number } & (
  | { readonly kind: "word"; readonly at: number; readonly value: number }
  | { readonly kind: "fill"; readonly value: number }
  | { readonly kind: "records"; readonly from: number; readonly to: number }
  | { readonly kind: "empty" }
);

/** Numbers that lookups add, multiply and compare. */
const hostile = fc.oneof(
  fc.constantFrom(
    0,
    1,
    2,
    7,
    8,
    9,
    15,
    254,
    255,
    256,
    0x7fffffff,
    0x80000000,
    0xfffffff0,
    0xfffffffe,
    0xffffffff,
    0x08000000,
    0x10000000,
    0x15555556,
  ),
  fc.nat(400),
  fc.nat(0xffffffff),
);
const damage: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("word" as const),
      section: fc.nat(SECTION_COUNT - 1),
      at: fc.nat(1000),
      value: hostile,
    }),
  },
  fc.record({ kind: fc.constant("fill" as const), section: fc.nat(SECTION_COUNT - 1), value: fc.nat(255) }),
  fc.record({
    kind: fc.constant("records" as const),
    section: fc.nat(SECTION_COUNT - 1),
    from: fc.nat(1000),
    to: fc.nat(1000),
  }),
  fc.record({ kind: fc.constant("empty" as const), section: fc.nat(SECTION_COUNT - 1) }),
);
const damages = fc.array(damage, { minLength: 1, maxLength: 6 });

function damaged(image: Uint8Array, all: readonly Damage[]): Uint8Array {
  const sections = sectionsOf(image).map((bytes) => Buffer.from(bytes));
  for (const one of all) inflict(sections, one);
  return withSections(image, sections);
}

function inflict(sections: Buffer[], one: Damage): void {
  const bytes = sections[one.section] as Buffer;
  if (one.kind === "empty") sections[one.section] = Buffer.alloc(0);
  else if (one.kind === "fill") bytes.fill(one.value);
  else if (bytes.length >= 4 && one.kind === "word") bytes.writeUInt32LE(one.value, (one.at % (bytes.length >> 2)) * 4);
  else if (bytes.length >= 8 && one.kind === "records")
    bytes.copyWithin((one.to * 8) % bytes.length, (one.from * 8) % bytes.length);
}

/** Flows that lead a lookup everywhere. */
const flows: Record<Place, Flow[]> = {
  outbound: ["10.77.0.12:8080", "10.77.0.13:1", "10.77.0.99:80", "[fd77::12]:65535"].map((to) =>
    flowAt("outbound", { to }),
  ),
  "first hop": ["10.77.0.12:8080", "10.77.0.13:65535", "10.77.0.99:80"].map((to) => flowAt("first hop", { to })),
  "second hop": ["10.77.0.12:8080", "10.77.0.13:65535", "10.77.0.99:80"].map((to) => flowAt("second hop", { to })),
  delivery: ["10.77.0.12:8080", "[fd77::12]:65535", "10.77.0.13:80"].map((to) => flowAt("delivery", { to })),
};

describe.each(PLACES)("a damaged image at %s", (place) => {
  const image = shopWith().image((flows[place][0] as Flow).node);
  const decideWith = ({ decide }: Decider, bytes: Uint8Array) =>
    decide(flows[place].map((flow) => ({ ...flow, image: bytes }))).map(({ verdict }) => verdict);

  test("never traps, always answers, and the same in both languages", () => {
    fc.assert(
      fc.property(damages, (all) => {
        const bytes = damaged(image, all);
        const [inTypeScript, inWasm] = deciders.map((decider) => decideWith(decider, bytes));
        expect(inWasm).toEqual(inTypeScript);
      }),
      { numRuns: RUNS },
    );
  });

  test.each(Array.from({ length: SECTION_COUNT }, (_, section) => ({ section, name: Section[section] })))(
    "answers with every word of $name set to what is worst",
    ({ section }) => {
      const words = (sectionsOf(image)[section] as Uint8Array).length >> 2;
      for (let at = 0; at < Math.min(words, 40); at++) {
        for (const value of [0, 0xffffffff]) {
          const bytes = damaged(image, [{ kind: "word", section, at, value }]);
          for (const decider of deciders) expect(decideWith(decider, bytes)).not.toContain("");
        }
      }
    },
  );
});
