import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bothRuntimes } from "../host/portable.ts";
import { fromHex, readVectors, toHex } from "../host/vectors.ts";

const { digests } = readVectors<{ digests: { name: string; message: string; repeat?: number; digest: string }[] }>(
  "sha256",
);
const { codes } = readVectors<{ codes: { name: string; key: string; message: string; code: string }[] }>("hmac");

describe.each(await bothRuntimes())("SHA-256 in $name", ({ portable }) => {
  test.each(digests)("gives the known digest: $name", ({ message, repeat = 1, digest }) => {
    const once = Buffer.from(message, "hex");
    const whole = new Uint8Array(Buffer.alloc(once.length * repeat, once));
    expect(toHex(portable.sha256(whole, 0))).toBe(digest);
  });

  test("gives the same digest wherever the message is split", () => {
    const message = new Uint8Array(200).map((_, i) => i);
    const want = createHash("sha256").update(message).digest("hex");
    for (let split = 0; split <= message.length; split++) expect(toHex(portable.sha256(message, split))).toBe(want);
  });

  test("agrees with OpenSSL on messages of every length up to five blocks", () => {
    for (let length = 0; length <= 320; length++) {
      const message = new Uint8Array(length).fill(0xa5);
      expect(toHex(portable.sha256(message, length >> 1))).toBe(createHash("sha256").update(message).digest("hex"));
    }
  });

  test("agrees with OpenSSL on random messages", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000, size: "max" }), fc.nat(), (message, place) => {
        const split = place % (message.length + 1);
        expect(toHex(portable.sha256(message, split))).toBe(createHash("sha256").update(message).digest("hex"));
      }),
      { numRuns: 500 },
    );
  });
});

describe.each(await bothRuntimes())("HMAC-SHA-256 in $name", ({ portable }) => {
  test.each(codes)("gives the known code: $name", ({ key, message, code }) => {
    const whole = toHex(portable.hmacSha256(fromHex(key), fromHex(message)));
    expect(whole.slice(0, code.length)).toBe(code);
  });

  test.each([0, 1, 31, 32, 63, 64, 65, 128])("agrees with OpenSSL on a key of %i bytes", (length) => {
    const key = new Uint8Array(length).fill(0x5a);
    const message = new Uint8Array(100);
    expect(toHex(portable.hmacSha256(key, message))).toBe(createHmac("sha256", key).update(message).digest("hex"));
  });

  test("agrees with OpenSSL on random keys and messages, also from a saved key", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 150, size: "max" }),
        fc.uint8Array({ maxLength: 500, size: "max" }),
        (key, message) => {
          const want = createHmac("sha256", key).update(message).digest("hex");
          expect(toHex(portable.hmacSha256(key, message))).toBe(want);
          expect(toHex(portable.hmacFromSavedKey(key, message))).toBe(want);
        },
      ),
      { numRuns: 500 },
    );
  });
});
