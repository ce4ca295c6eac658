/** Writes manifests/install: `npm run build:manifests`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "../../controller/node/envoy.ts";
import { ensureHelm } from "./helm.ts";
import { installFiles } from "./install-files.ts";

const folder = join(projectFolder(), "manifests", "install");
await mkdir(folder, { recursive: true });
const files = await installFiles(await ensureHelm((line) => console.error(line)));
for (const [name, text] of files) await writeFile(join(folder, name), text);
