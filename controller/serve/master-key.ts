/** The master key of an overlay: 32 random bytes in a file of the state folder, from which all others derive. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { makePrivateFolder, readPrivate, writePrivate } from "./private-file.ts";

export const MASTER_KEY_LENGTH = 32;

/**
 * Reads the key at `path`, creating it the first time. A file of another length or one that others may read is an
 * error, not replaced: every node would silently lose its keys.
 */
export async function masterKey(path: string, random: (length: number) => Uint8Array = randomBytes): Promise<Buffer> {
  const stored = await readPrivate(path);
  if (stored !== undefined) return checked(path, stored);
  await makePrivateFolder(dirname(path));
  const fresh = Buffer.from(random(MASTER_KEY_LENGTH));
  await writePrivate(path, fresh);
  return fresh;
}

function checked(path: string, stored: Buffer): Buffer {
  if (stored.length === MASTER_KEY_LENGTH) return stored;
  throw new Error(`${path} holds ${stored.length} bytes instead of a master key of ${MASTER_KEY_LENGTH}`);
}
