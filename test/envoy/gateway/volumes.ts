/** Folders of a pod, written as those write them who do it in a cluster. */
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

let versions = 0;

/** As kubelet writes a ConfigMap: whole, by moving one link. */
export async function writeConfigMap(folder: string, data: Readonly<Record<string, string>>): Promise<void> {
  const version = `..${++versions}`;
  await mkdir(join(folder, version), { recursive: true });
  for (const [name, text] of Object.entries(data)) await writeFile(join(folder, version, name), text);
  await symlink(version, join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  for (const name of Object.keys(data))
    await symlink(join("..data", name), join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
}

export interface Pem {
  readonly certificate: string;
  readonly key: string;
  readonly root: string;
}

/** As istio-agent's OUTPUT_CERTS: file after file, the key first, each moved into its place. */
export async function writeCertificate(folder: string, { certificate, key, root }: Pem): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of [
    ["key.pem", key],
    ["cert-chain.pem", certificate],
    ["root-cert.pem", root],
  ] as const) {
    await writeFile(join(folder, `.${name}.tmp`), text, { mode: 0o600 });
    await rename(join(folder, `.${name}.tmp`), join(folder, name));
  }
}
