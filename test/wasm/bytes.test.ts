import { describe, expect, test } from "@jest/globals";
import { bothRuntimes } from "../host/portable.ts";
import { fromHex } from "../host/vectors.ts";

describe.each(await bothRuntimes())("bytes in $name", ({ portable }) => {
  test.each([
    { name: "the same", a: "00112233", b: "00112233", want: true },
    { name: "a difference in the first byte", a: "01112233", b: "00112233", want: false },
    { name: "a difference in the last byte", a: "00112233", b: "00112232", want: false },
    { name: "a difference in the highest bit", a: "80112233", b: "00112233", want: false },
    { name: "differences that cancel in a sum", a: "01ff2233", b: "ff012233", want: false },
    { name: "nothing", a: "", b: "", want: true },
  ])("are compared: $name", ({ a, b, want }) => {
    const length = a.length / 2;
    expect(portable.equalBytes(fromHex(a), 0, fromHex(b), 0, length)).toBe(want);
    expect(portable.equalConstantTime(fromHex(a), 0, fromHex(b), 0, length)).toBe(want);
  });

  test("are compared within their bounds only", () => {
    expect(portable.equalBytes(fromHex("aa1122bb"), 1, fromHex("1122cc"), 0, 2)).toBe(true);
    expect(portable.equalConstantTime(fromHex("aa1122bb"), 1, fromHex("1122cc"), 0, 2)).toBe(true);
  });

  test("are read as unsigned integers in network order", () => {
    expect(portable.readU16(fromHex("00fffe"), 1)).toBe(0xfffe);
    expect(portable.readU32(fromHex("00fffefdfc"), 1)).toBe(0xfffefdfc);
  });

  test("are told from zeros", () => {
    expect(portable.isZero(fromHex("0100000001"), 1, 3)).toBe(true);
    expect(portable.isZero(fromHex("0100000001"), 1, 4)).toBe(false);
  });
});
