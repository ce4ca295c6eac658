import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository: the nearest folder above this file that holds package.json, whether this is source or built. */
export const top = topAbove(dirname(fileURLToPath(import.meta.url)));

/** Folder with endpoint.wasm, gateway.wasm and portable.wasm. */
export const codeFolder = join(top, "build", "wasm");
/** The demo's resources. */
export const shopFolder = join(top, "manifests", "samples", "shop");

function topAbove(folder: string): string {
  if (existsSync(join(folder, "package.json")) || folder === dirname(folder)) return folder;
  return topAbove(dirname(folder));
}
