#!/usr/bin/env node
// The command `sallyport`: runs what setup has built. It is a source file so that it is there and executable when npx
// links it, also before the first build.
import { existsSync } from "node:fs";

const program = new URL("../build/js/controller/cli/main.js", import.meta.url);
const advice = "run `npm run setup` first";
if (existsSync(program)) {
  await import(program.href).catch((error) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    give(`sallyport lacks something that it needs: ${advice}\n${error.message}`);
  });
} else {
  give(`sallyport is not built yet: ${advice}`);
}

function give(message) {
  console.error(message);
  process.exitCode = 2;
}
