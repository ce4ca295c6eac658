import { describe, expect, test } from "@jest/globals";
import { Sha256 } from "../../assembly/crypto/sha256.ts";
import { Image } from "../../assembly/decide/image.ts";
import { imageFaultName } from "../../assembly/decide/image-fault-name.ts";
import {
  HEADER_LENGTH,
  IMAGE_MAX_LENGTH,
  SECTION_COUNT,
  SECTION_ENTRY,
  SECTION_TABLE,
  Section,
} from "../../assembly/wire/image.ts";
import { expectation } from "../host/deciders.ts";
import { flowAt } from "../host/flow.ts";
import { answerOf, type HttpCall } from "../host/http-calls.ts";
import { withHeader, withSection, withSections } from "../host/image-surgery.ts";
import { send, startNode } from "../host/nodes.ts";
import { START_SECONDS, shopWith } from "../host/shop.ts";

const NODE = "edge-a";
const small = shopWith({
  onePath: true,
  without: ["db", "twin", "guest", "db-policy"],
  overlay: { keys: { epochSeconds: 3600, horizon: 0, keyGeneration: 3 } },
});
const image = (sequence: number, term = 5) => small.image(NODE, { term, sequence });
const GOOD = image(5);

/** A node that has an image, and is offered others. */
interface Taker {
  /** The name of the fault; `none`: taken. */
  offer(image: Uint8Array, now?: number): string;
  /** `term.sequence` of the image in force. */
  inForce(): string;
}

function takerInTypeScript(): Taker {
  const inForce = new Image();
  return {
    offer: (bytes, now = START_SECONDS) =>
      imageFaultName(inForce.open(bytes, bytes.length, expectation(NODE), new Sha256(), now)),
    inForce: () => `${inForce.term}.${inForce.sequence}`,
  };
}

/** The gate of gateway.wasm, polling; what it says of an image is in its log. */
function takerInWasm(): Taker {
  const proxy = startNode(NODE, "gate");
  return {
    offer: (bytes, now = START_SECONDS) => {
      const accepted = proxy.counter("sallyport.image.accepted");
      proxy.answerPoll(bytes);
      const fault =
        proxy.counter("sallyport.image.accepted") > accepted
          ? "none"
          : / refused reason=(\S+) /.exec(proxy.logs.at(-1) ?? "")?.[1];
      // Polls again before long.
      proxy.logs.length = 0;
      proxy.stall(5000);
      proxy.nowMs = now * 1000;
      return fault ?? "silence";
    },
    inForce: () => {
      const have = BigInt(/have=(\d+)/.exec(proxy.calls[0]?.headers.get(":path") ?? "")?.[1] ?? 0);
      return `${have >> 32n}.${have & 0xffffffffn}`;
    },
  };
}

const takers = [
  { runtime: "TypeScript", taker: takerInTypeScript },
  { runtime: "Wasm", taker: takerInWasm },
];

/** Where the first bytes of an image are wrong, the fault says more than that a digest is. */
function faultAt(offset: number): string {
  if (offset < 4) return "magic";
  if (offset < 8) return "version";
  if (offset < 12) return "length";
  return offset < HEADER_LENGTH ? "header-digest" : "section-digest";
}

describe.each(takers)("in $runtime", ({ taker }) => {
  test("every bit of it counts", () => {
    const { offer, inForce } = taker();
    expect(offer(image(4))).toBe("none");
    for (let offset = 0; offset < GOOD.length; offset++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = GOOD.slice();
        flipped[offset] = (flipped[offset] as number) ^ (1 << bit);
        if (offer(flipped) !== faultAt(offset)) throw new Error(`bit ${bit} of byte ${offset}: ${offer(flipped)}`);
      }
    }
    expect(inForce()).toBe("5.4");
    expect(offer(GOOD)).toBe("none");
    expect(inForce()).toBe("5.5");
  });

  test("an image cut off anywhere is refused, and one that is too long", () => {
    const { offer, inForce } = taker();
    expect(offer(image(4))).toBe("none");
    for (let length = 0; length < GOOD.length; length++) {
      const want = length < HEADER_LENGTH ? "too-short" : "length";
      if (offer(GOOD.slice(0, length)) !== want) throw new Error(`${length} bytes: ${offer(GOOD.slice(0, length))}`);
    }
    for (const more of [1, 7, 8, 100_000]) expect(offer(Buffer.concat([GOOD, Buffer.alloc(more)]))).toBe("length");
    expect(inForce()).toBe("5.4");
    expect(offer(GOOD)).toBe("none");
  });

  test.each([
    { name: "the next sequence", bytes: image(6), want: "none" },
    { name: "the same", bytes: GOOD, want: "older" },
    { name: "the sequence before", bytes: image(4), want: "older" },
    { name: "the next term, from its start", bytes: image(0, 6), want: "none" },
    { name: "the term before, however far", bytes: image(0xffffffff, 4), want: "older" },
    { name: "the last of all terms", bytes: image(0xffffffff, 0xffffffff), want: "none" },
    { name: "the first of all terms", bytes: image(0, 0), want: "older" },
    { name: "another gateway's", bytes: small.image("edge-b", { term: 9 }), want: "foreign-node" },
    {
      name: "another node's by one bit",
      bytes: withHeader(image(6), (view) => view.setUint8(23, view.getUint8(23) ^ 1)),
      want: "foreign-node",
    },
    { name: "an endpoint's", bytes: small.image("web", { term: 9 }), want: "foreign-node" },
    {
      name: "another overlay's",
      bytes: shopWith({ overlay: { id: 8 } }).image(NODE, { term: 9 }),
      want: "foreign-overlay",
    },
    {
      name: "one for an endpoint under this node's id",
      bytes: withHeader(image(6), (view) => view.setUint8(40, 1)),
      want: "role",
    },
    {
      name: "one for nobody under this node's id",
      bytes: withHeader(image(6), (view) => view.setUint8(40, 0)),
      want: "role",
    },
    {
      name: "one that ran out a second ago",
      bytes: small.image(NODE, { term: 9, notAfter: START_SECONDS - 1 }),
      want: "expired",
    },
    { name: "one that runs out now", bytes: small.image(NODE, { term: 9, notAfter: START_SECONDS }), want: "expired" },
    {
      name: "one that runs out in a second",
      bytes: small.image(NODE, { term: 9, notAfter: START_SECONDS + 1 }),
      want: "none",
    },
    { name: "one that never began", bytes: small.image(NODE, { term: 9, notAfter: 0 }), want: "expired" },
    { name: "a newer format", bytes: withHeader(image(6), (view) => view.setUint16(4, 2, true)), want: "version" },
    { name: "fewer sections", bytes: withHeader(image(6), (view) => view.setUint16(6, 14, true)), want: "version" },
    { name: "more sections", bytes: withHeader(image(6), (view) => view.setUint16(6, 16, true)), want: "version" },
    {
      name: "epochs of no length",
      bytes: withHeader(image(6), (view) => view.setUint32(36, 0, true)),
      want: "section-table",
    },
    { name: "zeros", bytes: new Uint8Array(5000), want: "magic" },
    { name: "ones", bytes: new Uint8Array(5000).fill(255), want: "magic" },
    { name: "nothing", bytes: new Uint8Array(0), want: "too-short" },
    { name: "a web page", bytes: Buffer.from("<html>".repeat(500)), want: "magic" },
  ])("after one image, $name: $want", ({ bytes, want }) => {
    const { offer, inForce } = taker();
    expect(offer(GOOD)).toBe("none");
    expect(offer(bytes, START_SECONDS)).toBe(want);
    if (want === "none") expect(inForce()).not.toBe("5.5");
    else expect(inForce()).toBe("5.5");
  });

  test("the first image may be of any generation, and none but the first", () => {
    const { offer } = taker();
    expect([offer(image(0, 0)), offer(image(0, 0)), offer(image(1, 0))]).toEqual(["none", "older", "none"]);
  });

  describe("a section table that tells of other sections than follow is refused:", () => {
    const entry = (section: number) => SECTION_TABLE + section * SECTION_ENTRY;
    const edits: { name: string; edit: (view: DataView, section: number) => void }[] = [
      { name: "another number", edit: (view, section) => view.setUint32(entry(section), section ^ 1, true) },
      {
        name: "an offset one higher",
        edit: (view, section) => view.setUint32(entry(section) + 4, view.getUint32(entry(section) + 4, true) + 1, true),
      },
      { name: "an offset of zero", edit: (view, section) => view.setUint32(entry(section) + 4, 0, true) },
      { name: "an offset of 2^31", edit: (view, section) => view.setUint32(entry(section) + 4, 0x80000000, true) },
      {
        name: "a length eight higher",
        edit: (view, section) => view.setUint32(entry(section) + 8, view.getUint32(entry(section) + 8, true) + 8, true),
      },
      { name: "a length of 2^31", edit: (view, section) => view.setUint32(entry(section) + 8, 0x80000000, true) },
      { name: "a length of 2^32 - 1", edit: (view, section) => view.setUint32(entry(section) + 8, 0xffffffff, true) },
    ];

    test.each(edits)("$name", ({ edit }) => {
      const { offer, inForce } = taker();
      expect(offer(GOOD)).toBe("none");
      for (let section = 0; section < SECTION_COUNT; section++) {
        const bytes = withHeader(image(6), (view) => edit(view, section));
        expect({ section, fault: offer(bytes) }).toEqual({ section, fault: "section-table" });
      }
      expect(inForce()).toBe("5.5");
    });

    test("two sections that overlap, in a header that adds up", () => {
      const bytes = withHeader(image(6), (view) => {
        for (let section = 1; section < SECTION_COUNT; section++)
          view.setUint32(entry(section) + 4, HEADER_LENGTH, true);
      });
      expect(taker().offer(bytes)).toBe("section-table");
    });

    const records: [Section, number][] = [
      [Section.Keys, 47],
      [Section.Gateways, 15],
      [Section.Paths, 17],
      [Section.Own, 8],
      [Section.Members, 96],
      [Section.Members, 31],
      [Section.Ranges, 23],
      [Section.Classes, 4],
      [Section.Rows, 7],
      [Section.Exceptions, 36],
      [Section.Exceptions, 13],
      [Section.Dense, 1],
      [Section.PortSets, 9],
      [Section.Intervals, 8],
      [Section.Rules, 1],
      [Section.Identities, 12],
    ];
    test.each(records)("section %i of %i bytes isn't whole records, or slots by a power of two", (section, length) => {
      const bytes = withSection(image(6), section, () => new Uint8Array(length));
      expect(taker().offer(bytes)).toBe("section-table");
    });
  });

  test("sections without anything in them are no fault", () => {
    const { offer } = taker();
    const empty = Array.from({ length: SECTION_COUNT }, () => new Uint8Array(0));
    expect(offer(withSections(image(6), empty))).toBe("none");
  });
});

describe("an image too large to be read", () => {
  test("is refused in TypeScript", () => {
    expect(takerInTypeScript().offer(new Uint8Array(IMAGE_MAX_LENGTH + 1))).toBe("too-large");
  });

  test("is refused in Wasm, before any memory is taken for it", () => {
    const proxy = startNode(NODE, "gate");
    const before = proxy.memoryBytes;
    for (const announced of [IMAGE_MAX_LENGTH + 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      proxy.deliver(proxy.calls[0] as HttpCall, { ...answerOf(200, new Uint8Array(0)), announced });
      proxy.stall(5000);
    }
    const reasons = proxy.logs.map((line) => / reason=(\S+) /.exec(line)?.[1]);
    // A length is signed in Wasm: past 2^31 it is less than nothing.
    expect(reasons).toEqual(["too-large", "too-large", "too-short", "too-short"]);
    expect(proxy.memoryBytes).toBe(before);
  });
});

test("the node decides by its last good image while bad ones arrive", () => {
  const proxy = startNode(NODE, "gate");
  proxy.answerPoll(small.image(NODE));
  const flow = flowAt("first hop");
  for (const bytes of [new Uint8Array(1000), GOOD.slice(0, -1), small.image(NODE), small.image("edge-b")]) {
    proxy.stall(5000);
    proxy.answerPoll(bytes);
    expect(send(proxy, flow).state).toBe("continued");
  }
});
