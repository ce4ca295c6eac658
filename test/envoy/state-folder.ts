/** What a state folder holds, seen as somebody who looks for secrets in it. */
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Paths below a folder, links not followed. */
export async function pathsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const below = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...(await pathsBelow(path))] : [path];
  });
  return (await Promise.all(below)).flat();
}

/** Those that others than the owner may use somehow. Links have no mode of their own. */
export async function openToOthers(paths: readonly string[]): Promise<string[]> {
  const facts = await Promise.all(paths.map(async (path) => ({ path, stat: await lstat(path) })));
  return facts.filter(({ stat }) => !stat.isSymbolicLink() && (stat.mode & 0o077) !== 0).map(({ path }) => path);
}

/** The files whose purpose is to hold a private key or a master key. */
export function isKeyFile(path: string): boolean {
  return path.endsWith("/key.pem") || path.endsWith("/master.key");
}

/** How a secret of some bytes might turn up in text: hex, base64 and base64url, with nothing before it. */
export function spellings(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
  return [
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    whole.toString("base64"),
    whole.toString("base64url"),
  ];
}

/** What the key files below a folder hold, as it might turn up elsewhere. */
export async function storedSecrets(paths: readonly string[]): Promise<string[]> {
  const files = await Promise.all(paths.filter(isKeyFile).map((path) => readFile(path)));
  return files.flatMap((content) => {
    const text = content.toString("latin1");
    // The second half of PKCS 8 differs from key to key; its first line begins alike in all.
    if (text.startsWith("-----BEGIN"))
      return text
        .split("\n")
        .filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line))
        .slice(1);
    return spellings(content);
  });
}

/** Which of the texts hold one of the secrets, by name. */
export function leaks(texts: ReadonlyMap<string, string>, secrets: readonly string[]): string[] {
  return [...texts].filter(([, text]) => secrets.some((secret) => text.includes(secret))).map(([name]) => name);
}
