import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bothRuntimes } from "../host/portable.ts";
import { fromLatin1, toHex, toLatin1 } from "../host/vectors.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const groups = fc
  .uint8Array({ maxLength: 120, size: "max" })
  .map((bytes) => bytes.slice(0, bytes.length - (bytes.length % 3)));

describe.each(await bothRuntimes())("base64url in $name", ({ portable }) => {
  test("writes what Node writes, and reads it back", () => {
    fc.assert(
      fc.property(groups, (bytes) => {
        const text = portable.toBase64Url(bytes);
        expect(toLatin1(text)).toBe(Buffer.from(bytes).toString("base64url"));
        expect(toHex(portable.fromBase64Url(text))).toBe(toHex(bytes));
      }),
    );
  });

  test("takes the 64 characters of the alphabet and no other byte, in every place of a group", () => {
    for (let place = 0; place < 4; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const text = fromLatin1("AAAA");
        text[place] = byte;
        const want = ALPHABET.includes(String.fromCharCode(byte)) ? 3 : 0;
        expect(portable.fromBase64Url(text).length).toBe(want);
      }
    }
  });

  test.each(["A", "AA", "AAA", "AAAAA", "AAAAAA", "AAAAAAA", "AA==", "AAA="])(
    "refuses what is no whole group: %s",
    (text) => {
      expect(portable.fromBase64Url(fromLatin1(text)).length).toBe(0);
    },
  );
});
