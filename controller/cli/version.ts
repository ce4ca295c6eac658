import { readFileSync } from "node:fs";
import { join } from "node:path";
import { top } from "./installation.ts";

/** The version of the package that this file belongs to, as source or built. */
export function version(): string {
  return (JSON.parse(readFileSync(join(top, "package.json"), "utf8")) as { version: string }).version;
}
