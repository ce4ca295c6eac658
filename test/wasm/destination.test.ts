import { isIPv4 } from "node:net";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bothRuntimes } from "../host/portable.ts";
import { fromHex, fromLatin1, readVectors, toHex, toLatin1 } from "../host/vectors.ts";

interface Accepted {
  name: string;
  text: string;
  address: string;
  port: number;
  hostLength: number;
}

const vectors = readVectors<{ accepted: Accepted[]; refused: { name: string; text: string }[] }>("destination");

describe.each(await bothRuntimes())("a destination in $name", ({ portable }) => {
  const decode = (text: string): string => {
    const bytes = fromLatin1(text);
    return toHex(portable.decodeDestination(bytes, 0, bytes.length));
  };

  test.each(vectors.accepted)("takes $name: $text", ({ text, address, port, hostLength }) => {
    const rest = ((port << 8) | hostLength).toString(16).padStart(6, "0");
    expect(decode(text)).toBe(address + rest);
  });

  test.each(vectors.refused)("refuses $name", ({ text }) => {
    expect(decode(text)).toBe("");
  });

  test("reads from the middle of a larger array and no further", () => {
    const bytes = fromLatin1("x10.1.0.20:54321");
    const decoded = portable.decodeDestination(bytes, 1, bytes.length - 2);
    expect(toHex(decoded)).toBe("00000000000000000000ffff0a010014" + "1538" + "09");
  });

  test.each([
    { name: "more bytes than there are", at: 0, length: 15 },
    { name: "bytes past the end", at: 14, length: 1 },
    { name: "a negative start", at: -1, length: 14 },
    { name: "a negative length", at: 0, length: -1 },
    { name: "a start that overflows", at: 0x7fffffff, length: 14 },
  ])("refuses $name", ({ at, length }) => {
    expect(portable.decodeDestination(fromLatin1("10.1.0.20:5432"), at, length).length).toBe(0);
  });

  test("writes every address so that it reads itself back", () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 1, max: 65535 }), (bytes, port) => {
        const text = toLatin1(portable.addressText(bytes));
        const authority = isIPv4(text) ? `${text}:${port}` : `[${text}]:${port}`;
        const decoded = decode(authority);
        if (isIPv4Compatible(bytes)) expect(decoded).toBe("");
        else expect(decoded.slice(0, 36)).toBe(toHex(bytes) + port.toString(16).padStart(4, "0"));
      }),
      { numRuns: 2000 },
    );
  });

  test("agrees with the platform's own parsers on texts that are nearly right", () => {
    fc.assert(
      fc.property(nearlyRight, (text) => {
        expect(decode(text) !== "").toBe(isCanonical(text));
      }),
      { numRuns: 5000 },
    );
  });
});

describe.each(await bothRuntimes())("a forbidden address in $name", ({ portable }) => {
  test.each([
    { text: "0.0.0.0", address: "00000000000000000000ffff00000000", want: true },
    { text: "0.255.255.255", address: "00000000000000000000ffff00ffffff", want: true },
    { text: "1.0.0.0", address: "00000000000000000000ffff01000000", want: false },
    { text: "126.255.255.255", address: "00000000000000000000ffff7effffff", want: false },
    { text: "127.0.0.0", address: "00000000000000000000ffff7f000000", want: true },
    { text: "127.255.255.255", address: "00000000000000000000ffff7fffffff", want: true },
    { text: "128.0.0.0", address: "00000000000000000000ffff80000000", want: false },
    { text: "169.254.169.254", address: "00000000000000000000ffffa9fea9fe", want: false },
    { text: "223.255.255.255", address: "00000000000000000000ffffdfffffff", want: false },
    { text: "224.0.0.0", address: "00000000000000000000ffffe0000000", want: true },
    { text: "255.255.255.255", address: "00000000000000000000ffffffffffff", want: true },
    { text: "::", address: "00000000000000000000000000000000", want: true },
    { text: "::1", address: "00000000000000000000000000000001", want: true },
    { text: "::2", address: "00000000000000000000000000000002", want: false },
    { text: "::7f00:1", address: "0000000000000000000000007f000001", want: false },
    { text: "fe80::1", address: "fe800000000000000000000000000001", want: false },
    { text: "feff:ffff::", address: "feffffff000000000000000000000000", want: false },
    { text: "ff00::", address: "ff000000000000000000000000000000", want: true },
    { text: "ffff:ffff::1", address: "ffffffff000000000000000000000001", want: true },
  ])("is told from others: $text", ({ text, address, want }) => {
    expect(portable.isForbiddenAddress(fromHex(address))).toBe(want);
    expect(toLatin1(portable.addressText(fromHex(address)))).toBe(text);
  });
});

const group = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  fc.constantFrom(1, 0xffff, 0xa0),
  fc.integer({ min: 0, max: 0xffff }),
);
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const ipv4 = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });

const address = fc.oneof(
  groups.map((all) => new Uint8Array(all.flatMap((value) => [value >> 8, value & 255]))),
  ipv4.map((octets) => new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...octets])),
);

/** Canonical and other spellings of a destination, some with one character changed, added or removed. */
const nearlyRight = fc
  .tuple(
    fc.oneof(
      ipv4.map((octets) => octets.join(".")),
      groups.map((all) => new URL(`any://[${all.map((value) => value.toString(16)).join(":")}]:1`).hostname),
      groups.map((all) => `[${all.map((value) => value.toString(16)).join(":")}]`),
    ),
    fc.integer({ min: 0, max: 70000 }),
    fc.constantFrom("keep", "change", "add", "remove"),
    fc.nat(46),
    fc.constantFrom(..."0123456789abcdefABF:.[]%, /\0\xff"),
  )
  .map(([host, port, edit, place, character]) => {
    const text = `${host}:${port}`;
    const at = place % text.length;
    if (edit === "keep") return text;
    return text.slice(0, at) + (edit === "remove" ? "" : character) + text.slice(edit === "add" ? at : at + 1);
  });

/** The same grammar, slowly: Node's parsers, and the URL Standard's serialiser for the canonical form of IPv6. */
function isCanonical(text: string): boolean {
  const [, host = "", port = ""] = /^(.*):([1-9][0-9]{0,4})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 65535) return false;
  if (isIPv4(host)) return true;
  if (!/^\[[0-9a-f:]+\]$/.test(host) || !URL.canParse(`any://${text}`)) return false;
  const isIPv4Inside = /^\[::(ffff:)?[0-9a-f]+:[0-9a-f]+\]$/.test(host);
  return new URL(`any://${text}`).host === text && !isIPv4Inside;
}

function isIPv4Compatible(bytes: Uint8Array): boolean {
  return bytes.slice(0, 12).every((byte) => byte === 0) && bytes.slice(12, 14).some((byte) => byte !== 0);
}
