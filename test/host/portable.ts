/** The portable code in both languages, under one type, so that every table can run on both. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as crypto from "../../assembly/portable/crypto.ts";
import * as destination from "../../assembly/portable/destination.ts";
import * as flows from "../../assembly/portable/flows.ts";
import * as image from "../../assembly/portable/image.ts";
import * as stamp from "../../assembly/portable/stamp.ts";
import { equalBytes, equalConstantTime, isZero, readU16, readU32 } from "../../assembly/wire/bytes.ts";

const bytes = { equalBytes, equalConstantTime, isZero, readU16, readU32 };

/** What `assembly/portable.ts` exports and tests call. */
export const native = { ...bytes, ...crypto, ...destination, ...flows, ...image, ...stamp };
export type Portable = typeof native;
/** The same in Wasm, with the memory it works in. */
export type PortableWasm = Portable & { memory: WebAssembly.Memory };

export interface Runtime {
  readonly name: "TypeScript" | "Wasm";
  readonly portable: Portable;
}

const wasmPath = fileURLToPath(new URL("../../build/wasm/portable.wasm", import.meta.url));
const gluePath = wasmPath.replace(/\.wasm$/, ".js");

/** Instantiates `build/wasm/portable.wasm`, the output of asc's target `portable`. */
export async function loadPortableWasm(bytes: Uint8Array = portableBytes()): Promise<PortableWasm> {
  // The glue is asc's: it copies arrays in and out and gives numbers their signs.
  const glue = await import(pathToFileURL(gluePath).href);
  return glue.instantiate(new WebAssembly.Module(bytes), { env: {} });
}

/** The compiled module. */
export function portableBytes(): Uint8Array {
  if (!existsSync(wasmPath) || !existsSync(gluePath)) throw new Error(`${wasmPath} is missing: run npm run build`);
  return readFileSync(wasmPath);
}

/** Both runtimes, for `describe.each`. */
export async function bothRuntimes(): Promise<Runtime[]> {
  return [
    { name: "TypeScript", portable: native },
    { name: "Wasm", portable: await loadPortableWasm() },
  ];
}
