#!/usr/bin/env node
// The command `sallyport`: runs what setup has built. It is a source file so that it is there and executable when npx
// links it, also before the first build.
import { existsSync } from "node:fs";

const program = new URL("../build/js/controller/cli/main.js", import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  console.error("sallyport is not built yet: run `npm run setup` first");
  process.exitCode = 2;
}
