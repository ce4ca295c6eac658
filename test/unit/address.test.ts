import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Block,
  formatAddress,
  formatBlock,
  isInside,
  parseAddress,
  parseBlock,
} from "../../controller/model/address.ts";

describe("addresses", () => {
  test.each([
    { text: "10.77.0.11", want: "10.77.0.11" },
    { text: "0.0.0.0", want: "0.0.0.0" },
    { text: "255.255.255.255", want: "255.255.255.255" },
    { text: "2001:DB8:0:0:8:800:200C:417A", want: "2001:db8::8:800:200c:417a" },
    { text: "::", want: "::" },
    { text: "::1", want: "::1" },
    { text: "1::", want: "1::" },
    { text: "1:2:3:4:5:6:7::", want: "1:2:3:4:5:6:7:0" },
    { text: "1:0:0:2:0:0:0:3", want: "1:0:0:2::3" },
    { text: "1:0:0:2:3:0:0:4", want: "1::2:3:0:0:4" },
    { text: "64:ff9b::192.0.2.33", want: "64:ff9b::c000:221" },
  ])("reads $text", ({ text, want }) => {
    const bytes = parseAddress(text);
    expect(bytes && formatAddress(bytes)).toBe(want);
  });

  test.each([
    "",
    "10.77.0",
    "10.77.0.11.1",
    "10.77.0.256",
    "010.77.0.1",
    "10.77.0.1 ",
    "10.77.0.1:80",
    "0x0a.1.1.1",
    "localhost",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2:3:4:5:6:7:8",
    "12345::",
    "fe80::1%eth0",
    "[::1]",
    "::ffff:10.77.0.11",
    "::ffff:a4d:b",
    "10.77.0.11::",
    "::1.2.3.4:5",
  ])("refuses %j", (text) => expect(parseAddress(text)).toBeUndefined());

  test("prints what it reads back, for every address", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const bytes = parseAddress(text);
        fc.pre(bytes !== undefined);
        expect(parseAddress(formatAddress(bytes as Uint8Array))).toEqual(bytes);
      }),
    );
  });
});

describe("blocks", () => {
  test.each([
    { text: "10.0.0.0/8", want: "10.0.0.0/8" },
    { text: "10.1.2.3/8", want: "10.0.0.0/8" },
    { text: "10.1.2.3/32", want: "10.1.2.3/32" },
    { text: "0.0.0.0/0", want: "0.0.0.0/0" },
    { text: "::/0", want: "::/0" },
    { text: "2001:db8::1/63", want: "2001:db8::/63" },
  ])("reads $text", ({ text, want }) => expect(formatBlock(parseBlock(text) as Block)).toBe(want));

  test.each([
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "::/129",
    "::ffff:10.0.0.0/104",
    "/8",
  ])("refuses %j", (text) => expect(parseBlock(text)).toBeUndefined());

  test.each([
    { address: "10.1.2.3", block: "10.0.0.0/8", want: true },
    { address: "11.0.0.0", block: "10.0.0.0/8", want: false },
    { address: "10.0.0.129", block: "10.0.0.128/31", want: true },
    { address: "10.0.0.130", block: "10.0.0.128/31", want: false },
    { address: "10.1.2.3", block: "::/0", want: false },
    { address: "2001:db8::1", block: "0.0.0.0/0", want: false },
    { address: "2001:db8::1", block: "::/0", want: true },
  ])("$address in $block: $want", ({ address, block, want }) => {
    expect(isInside(parseAddress(address) as Uint8Array, parseBlock(block) as Block)).toBe(want);
  });
});
