/** Writes the CustomResourceDefinitions where people and the chart take them from: `npm run build:crd`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "../node/envoy.ts";
import { CRD_FOLDERS, crdFiles } from "./files.ts";

for (const name of CRD_FOLDERS) {
  const folder = join(projectFolder(), name);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of crdFiles()) await writeFile(join(folder, name), text);
}
