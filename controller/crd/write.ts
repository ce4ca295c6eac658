/** Writes manifests/crd: `npm run build:crd`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "../node/envoy.ts";
import { crdFiles } from "./files.ts";

const folder = join(projectFolder(), "manifests", "crd");
await mkdir(folder, { recursive: true });
for (const [name, text] of crdFiles()) await writeFile(join(folder, name), text);
