/** The filters' decision code as Wasm, instantiated in Node, whose V8 is that of Envoy in another version. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** `assembly/portable/measure.ts`, which says how flows and requests are laid out, and `image.ts` beside it. */
export interface DecisionModule {
  /** Frees what nothing refers to any more. */
  __collect(): void;
  resetImage(): void;
  openImage(bytes: Uint8Array, id: Uint8Array, overlay: number, role: number, now: number): number;
  measureImage(bytes: Uint8Array, id: Uint8Array, overlay: number, role: number, now: number): number;
  keepFlows(bytes: Uint8Array): void;
  decideFlows(first: number, count: number): number;
  keepRequests(bytes: Uint8Array): void;
  admitRequests(first: number, count: number): number;
}

export const FLOW_LENGTH = 36;
export const REQUEST_LENGTH = 304;

// Node has it; its types come only with the browser's.
const { Module } = (globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => object } })
  .WebAssembly;

/** A fresh instance of `build/wasm/portable.wasm`. */
export async function loadDecisionModule(projectFolder: string): Promise<DecisionModule> {
  const file = join(projectFolder, "build", "wasm", "portable");
  // The glue is asc's: it copies arrays in.
  const glue = await import(pathToFileURL(`${file}.js`).href);
  return glue.instantiate(new Module(readFileSync(`${file}.wasm`)), { env: {} });
}
