import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository, seen from `build/js/controller/cli`. */
const top = fileURLToPath(new URL("../../../../", import.meta.url));

/** Folder with endpoint.wasm and gateway.wasm. */
export const codeFolder = join(top, "build", "wasm");
/** The demo's resources. */
export const shopFolder = join(top, "manifests", "samples", "shop");
