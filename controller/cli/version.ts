import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The version of the package that this file belongs to, as source or built. */
export function version(): string {
  for (let up = "../"; up.length < 30; up += "../") {
    const file = fileURLToPath(new URL(`${up}package.json`, import.meta.url));
    if (existsSync(file)) return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  }
  return "unknown";
}
