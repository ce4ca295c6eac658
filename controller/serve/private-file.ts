/** Files that only this user may read: keys and what is signed with them. */
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const ANY_OTHER = 0o077;

export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER });
}

/** Puts `content` at `path` whole or not at all, also when the machine goes down in between. */
export async function writePrivate(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  // A draft of a crashed run could have other permissions, which opening would keep.
  await rm(draft, { force: true });
  const file = await open(draft, "wx", PRIVATE_FILE);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** The content of a secret file, or undefined when there is none. A file that others can read is an error. */
export async function readPrivate(path: string): Promise<Buffer | undefined> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (facts === undefined) return undefined;
  if (!facts.isFile()) throw new Error(`${path} is not a file`);
  if ((facts.mode & ANY_OTHER) !== 0) {
    const mode = (facts.mode & 0o777).toString(8).padStart(4, "0");
    throw new Error(`${path} holds a secret and others may use it (mode ${mode}); run: chmod 600 ${path}`);
  }
  return readFile(path);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
