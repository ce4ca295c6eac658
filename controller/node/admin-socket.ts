/** Where the admin sockets are: a Unix socket's path has room for 107 bytes, whatever the state folder is called. */
import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** `sun_path` is 108 bytes and ends with a zero (unix(7)). */
const MAX_PATH = 107;

/** The same for every process that asks. In the node's folder if that fits, else in one of the temporary folder. */
export function adminSocketPath(stateFolder: string, node: string): string {
  const plain = join(stateFolder, "nodes", node, "admin.sock");
  if (Buffer.byteLength(plain) <= MAX_PATH) return plain;
  return join(tmpdir(), `sallyport-${digest(stateFolder)}`, `${digest(node)}.sock`);
}

/** Makes the folder of the socket, for this user alone. Whoever can open the socket rules the Envoy. */
export async function prepareAdminSocket(path: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const facts = await lstat(folder);
  const isOurs = facts.isDirectory() && facts.uid === process.getuid?.() && (facts.mode & 0o077) === 0;
  if (!isOurs) throw new Error(`${folder} must be a folder that only this user can enter; remove it or chmod 700 it`);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
