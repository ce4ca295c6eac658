/**
 * A node's certificate on disk, changed as a whole:
 *
 *     tls/gen-7/{cert.pem,key.pem,ca.pem}
 *     tls/current -> gen-7        swapped by rename, which is what Envoy watches the folder for
 *     tls/sds-cert.json, tls/sds-root.json
 */
import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { certificateSecret, rootSecret, type SecretFiles } from "../emit/sds.ts";
import type { Issued } from "./authority.ts";
import { makePrivateFolder } from "./private-file.ts";

const PRIVATE = { mode: 0o600 };

/** The paths that Envoy reads, which stay the same over all generations. `folder` must be absolute. */
export function secretFiles(folder: string): SecretFiles {
  const current = join(folder, "current");
  return {
    certificate: join(current, "cert.pem"),
    key: join(current, "key.pem"),
    root: join(current, "ca.pem"),
    watched: folder,
  };
}

/** Where `writeSecretReferences` puts the two SDS files. They hold paths and no secret. */
export function secretReferences(folder: string): { readonly certificate: string; readonly root: string } {
  return { certificate: join(folder, "sds-cert.json"), root: join(folder, "sds-root.json") };
}

export async function writeSecretReferences(folder: string): Promise<void> {
  await makePrivateFolder(folder);
  const files = secretFiles(folder);
  const references = secretReferences(folder);
  await writeFile(references.certificate, JSON.stringify(certificateSecret(files), null, 2), PRIVATE);
  await writeFile(references.root, JSON.stringify(rootSecret(files), null, 2), PRIVATE);
}

/** Makes `issued` the current generation. The one before stays for readers that are in the middle of it. */
export async function writeGeneration(folder: string, issued: Issued): Promise<number> {
  await makePrivateFolder(folder);
  const before = await generations(folder);
  const number = (before.at(-1) ?? 0) + 1;
  const target = join(folder, `gen-${number}`);
  await mkdir(target, { mode: 0o700 });
  await writeFile(join(target, "cert.pem"), issued.certificate, PRIVATE);
  await writeFile(join(target, "key.pem"), issued.key, PRIVATE);
  await writeFile(join(target, "ca.pem"), issued.root, PRIVATE);
  await swap(folder, number);
  await Promise.all(before.slice(0, -1).map((old) => rm(join(folder, `gen-${old}`), { recursive: true })));
  return number;
}

async function swap(folder: string, number: number): Promise<void> {
  const draft = join(folder, "current.draft");
  await rm(draft, { force: true });
  await symlink(`gen-${number}`, draft);
  await rename(draft, join(folder, "current"));
}

/** Numbers of the generations on disk, ascending. */
async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  const numbers = names.flatMap((name) => /^gen-([0-9]{1,9})$/.exec(name)?.[1] ?? []);
  return numbers.map(Number).sort((a, b) => a - b);
}
