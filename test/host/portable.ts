/** The portable code in both languages, under one type, so that every table can run on both. */
import { fileURLToPath } from "node:url";
import { inboundVerdict } from "../../assembly/decide/inbound.ts";
import * as crypto from "../../assembly/portable/crypto.ts";
import * as destination from "../../assembly/portable/destination.ts";
import * as flows from "../../assembly/portable/flows.ts";
import * as image from "../../assembly/portable/image.ts";
import * as stamp from "../../assembly/portable/stamp.ts";
import { equalBytes, equalConstantTime, isZero, readU16, readU32 } from "../../assembly/wire/bytes.ts";
import {
  loadPortableWasm as loadModule,
  portableBytes as moduleBytes,
} from "../../controller/decide-wasm/portable-wasm.ts";

const decisions = { inboundVerdict };
const bytes = { equalBytes, equalConstantTime, isZero, readU16, readU32 };

/** What `assembly/portable.ts` exports and tests call. */
export const native = { ...bytes, ...decisions, ...crypto, ...destination, ...flows, ...image, ...stamp };
export type Portable = typeof native;
/** The same in Wasm, with the memory it works in. */
export type PortableWasm = Portable & { memory: WebAssembly.Memory };

export interface Runtime {
  readonly name: "TypeScript" | "Wasm";
  readonly portable: Portable;
}

const folder = fileURLToPath(new URL("../../build/wasm", import.meta.url));

/** Instantiates `build/wasm/portable.wasm`, or another module in its place. */
export function loadPortableWasm(bytes: Uint8Array = portableBytes()): Promise<PortableWasm> {
  return loadModule(folder, bytes);
}

/** The compiled module. */
export function portableBytes(): Uint8Array {
  return moduleBytes(folder);
}

/** Both runtimes, for `describe.each`. */
export async function bothRuntimes(): Promise<Runtime[]> {
  return [
    { name: "TypeScript", portable: native },
    { name: "Wasm", portable: await loadPortableWasm() },
  ];
}
