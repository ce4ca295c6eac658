/** `node --import ./test/node/typescript.mjs FILE.ts` runs a TypeScript program from its source. */
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
