import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What the module exports that decides by an image; it holds one image at a time. */
export interface PortableImage {
  resetImage(): void;
  /** Opens an image as its node would; an ImageFault. */
  openImage(bytes: Uint8Array, node: Uint8Array, overlay: number, role: number, now: number): number;
  /** Class of a 16-byte address. */
  imageClassOf(address: Uint8Array): number;
  /** A Verdict on a flow between two classes; the key is `protocol << 16 | port`. */
  imageDecide(source: number, destination: number, key: number, sides: number): number;
}

/** Instantiates `portable.wasm` of a folder, the output of asc's target `portable`, or another module in its place. */
export async function loadPortableWasm<T = PortableImage>(folder: string, bytes = portableBytes(folder)): Promise<T> {
  // The glue is asc's: it copies arrays in and out and gives numbers their signs.
  const glue = await import(pathToFileURL(join(folder, "portable.js")).href);
  return glue.instantiate(new WebAssembly.Module(bytes), { env: {} });
}

/** The compiled module. */
export function portableBytes(folder: string): Uint8Array {
  for (const name of ["portable.wasm", "portable.js"]) {
    const path = join(folder, name);
    if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  }
  return readFileSync(join(folder, "portable.wasm"));
}
