/** The portable code in both languages, under one type, so that every table can run on both. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as crypto from "../../assembly/portable/crypto.ts";
import * as destination from "../../assembly/portable/destination.ts";
import * as stamp from "../../assembly/portable/stamp.ts";

/** What `assembly/portable.ts` exports of the folder `assembly/portable`. */
export const native = { ...crypto, ...destination, ...stamp };
export type Portable = typeof native;

export interface Runtime {
  readonly name: "TypeScript" | "Wasm";
  readonly portable: Portable;
}

const wasmPath = fileURLToPath(new URL("../../build/wasm/portable.wasm", import.meta.url));
const gluePath = wasmPath.replace(/\.wasm$/, ".js");

/** Instantiates `build/wasm/portable.wasm`, the output of asc's target `portable`. */
export async function loadPortableWasm(): Promise<Portable> {
  return instantiate(portableModule());
}

/** The compiled module itself, for tests that look at its exports. */
export function portableModule(): WebAssembly.Module {
  if (!existsSync(wasmPath) || !existsSync(gluePath)) {
    throw new Error(`${wasmPath} is missing: run npm run build`);
  }
  return new WebAssembly.Module(readFileSync(wasmPath));
}

/** Both runtimes, for `describe.each`. */
export async function bothRuntimes(): Promise<Runtime[]> {
  return [
    { name: "TypeScript", portable: native },
    { name: "Wasm", portable: await loadPortableWasm() },
  ];
}

async function instantiate(module: WebAssembly.Module): Promise<Portable> {
  const glue = await import(pathToFileURL(gluePath).href);
  const exports = await glue.instantiate(module, { env: {} });
  return exports as Portable;
}
