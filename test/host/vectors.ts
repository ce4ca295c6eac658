import { readFileSync } from "node:fs";

/** The content of `test/vectors/<name>.json`. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")) as T;
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** One byte per character. */
export function fromLatin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

export function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
