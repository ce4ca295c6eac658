import { describe, expect, test } from "@jest/globals";
import { loadPortableWasm, native, portableBytes } from "../host/portable.ts";
import { fromHex, fromLatin1, toHex } from "../host/vectors.ts";

const DIGEST_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

describe("the compiled module", () => {
  test("exports every function that the tests call in both languages", () => {
    const names = WebAssembly.Module.exports(new WebAssembly.Module(portableBytes()))
      .filter(({ kind }) => kind === "function")
      .map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(native)));
  });

  test("imports nothing from its host", () => {
    expect(WebAssembly.Module.imports(new WebAssembly.Module(portableBytes()))).toEqual([]);
  });

  test("is what answers: one changed constant in it changes the answer", async () => {
    const abc = fromLatin1("abc");
    expect(toHex((await loadPortableWasm()).sha256(abc, 0))).toBe(DIGEST_OF_ABC);
    const firstRoundConstant = Buffer.from(fromHex("982f8a42"));
    const changed = Buffer.from(portableBytes());
    const at = changed.indexOf(firstRoundConstant);
    expect(at).toBeGreaterThan(0);
    changed[at] = 0x99;
    const wrong = toHex((await loadPortableWasm(changed)).sha256(abc, 0));
    expect(wrong).toMatch(/^[0-9a-f]{64}$/);
    expect(wrong).not.toBe(DIGEST_OF_ABC);
  });

  test("allocates nothing per hash, code or stamp", async () => {
    const wasm = await loadPortableWasm();
    const key = new Uint8Array(32);
    const body = new Uint8Array(72);
    const header = wasm.signedHeader(key, body, new Uint8Array(16), 6, 443, new Uint8Array(8));
    wasm.repeatHmac(key, body, 72, 1);
    const before = wasm.memory.buffer.byteLength;
    wasm.repeatHmac(key, body, 72, 100_000);
    wasm.repeatSha256(body, 72, 100_000);
    expect(wasm.repeatHeaderMatches(key, header, 100_000)).toBe(100_000);
    expect(wasm.memory.buffer.byteLength).toBe(before);
  });
});
