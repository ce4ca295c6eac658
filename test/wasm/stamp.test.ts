import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bothRuntimes, type Portable } from "../host/portable.ts";
import { addressOf, type StampRow, stampVectors } from "../host/stamp-vectors.ts";
import { fromHex, fromLatin1, toHex, toLatin1 } from "../host/vectors.ts";

describe.each(await bothRuntimes())("a stamp in $name", ({ portable }) => {
  test.each(stampVectors.stamps)("is known: $name", (row) => {
    const facts = factsOf(row);
    const body = bodyOf(portable, row);
    const header = portable.signedHeader(
      facts.key,
      body,
      facts.destination,
      facts.protocol,
      facts.port,
      facts.audience,
    );
    expect(toLatin1(header)).toBe(row.header);
    expect(toHex(portable.fromBase64Url(header))).toBe(row.stamp);
    expect(matches(portable, fromLatin1(row.header), facts)).toBe(true);
  });

  test.each(stampVectors.stamps)("reads back field by field: $name", (row) => {
    const bytes = fromHex(row.stamp);
    const read = [0, 1, 2, 3, 4, 8, 12, 48, 52].map((offset) => portable.stampField(bytes, offset));
    const { kind, hopIndex, keyGeneration, overlay, epoch, issued, pathId, nonce } = row;
    expect(read).toEqual([1, kind, hopIndex, keyGeneration, overlay, epoch, issued, pathId, nonce]);
  });

  test("keeps the highest value of every field", () => {
    const most = 0xffffffff;
    const body = portable.stampBody(255, 255, 255, most, most, most, new Uint8Array(32).fill(255), most, most);
    expect(toHex(body)).toBe(`01${"ff".repeat(55)}${"00".repeat(16)}`);
    expect([4, 8, 12, 48, 52].map((offset) => portable.stampField(body, offset))).toEqual(Array(5).fill(most));
  });

  test("does not match when any one bit of it is flipped", () => {
    const facts = factsOf(firstRow);
    for (const stamp of eachBitFlipped(fromHex(firstRow.stamp))) {
      const header = fromLatin1(Buffer.from(stamp).toString("base64url"));
      expect(matches(portable, header, facts)).toBe(false);
    }
  });

  test.each(["key", "destination", "audience"] as const)(
    "does not match when any one bit of the %s is flipped",
    (field) => {
      const facts = factsOf(firstRow);
      for (const flipped of eachBitFlipped(facts[field])) {
        expect(matches(portable, fromLatin1(firstRow.header), { ...facts, [field]: flipped })).toBe(false);
      }
    },
  );

  test.each([
    { field: "protocol", bits: 8 },
    { field: "port", bits: 16 },
  ] as const)("does not match when any one bit of the $field is flipped", ({ field, bits }) => {
    const facts = factsOf(firstRow);
    for (let bit = 0; bit < bits; bit++) {
      const changed = { ...facts, [field]: facts[field] ^ (1 << bit) };
      expect(matches(portable, fromLatin1(firstRow.header), changed)).toBe(false);
    }
  });

  test("does not match when any one character of its header is outside the alphabet", () => {
    for (let place = 0; place < 96; place++) {
      const header = fromLatin1(firstRow.header);
      header[place] = 0x2b;
      expect(matches(portable, header, factsOf(firstRow))).toBe(false);
    }
  });

  test.each([0, 1, 95])("does not match when its header has only %i characters", (length) => {
    const header = fromLatin1(firstRow.header.slice(0, length));
    expect(matches(portable, header, factsOf(firstRow))).toBe(false);
  });

  test("matches what it was signed for, and nothing that differs", () => {
    fc.assert(
      fc.property(anyBody, anyFacts, anyFacts, (body, facts, others) => {
        const header = portable.signedHeader(
          facts.key,
          body,
          facts.destination,
          facts.protocol,
          facts.port,
          facts.audience,
        );
        expect(toHex(portable.fromBase64Url(header)).slice(0, 112)).toBe(toHex(body).slice(0, 112));
        expect(matches(portable, header, facts)).toBe(true);
        for (const field of ["key", "destination", "protocol", "port", "audience"] as const) {
          const same = String(facts[field]) === String(others[field]);
          expect(matches(portable, header, { ...facts, [field]: others[field] })).toBe(same);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** What a tag covers besides the stamp, and the key. */
interface Facts {
  readonly key: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly port: number;
  readonly audience: Uint8Array;
}

const firstRow = stampVectors.stamps[0] as StampRow;
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const anyBody = exactly(72);
const anyFacts: fc.Arbitrary<Facts> = fc.record({
  key: exactly(32),
  destination: exactly(16),
  protocol: fc.integer({ min: 0, max: 255 }),
  port: fc.integer({ min: 0, max: 65535 }),
  audience: exactly(8),
});

function factsOf(row: StampRow): Facts {
  const { protocol, port } = row;
  return {
    key: fromHex(row.key),
    destination: addressOf(row.destination),
    protocol,
    port,
    audience: fromHex(row.audience),
  };
}

function bodyOf(portable: Portable, row: StampRow): Uint8Array {
  const middle = fromHex(row.sourceNode + row.stampingNode + toHex(addressOf(row.sourceAddress)));
  const { kind, hopIndex, keyGeneration, overlay, epoch, issued, pathId, nonce } = row;
  return portable.stampBody(kind, hopIndex, keyGeneration, overlay, epoch, issued, middle, pathId, nonce);
}

function matches(portable: Portable, header: Uint8Array, facts: Facts): boolean {
  return portable.headerMatches(facts.key, header, facts.destination, facts.protocol, facts.port, facts.audience);
}

function eachBitFlipped(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    return flipped;
  });
}
