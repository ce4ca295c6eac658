/**
 * Plays the apps of one node, and whoever attacks from it, inside its network namespace. Obeys JSON lines on standard
 * input, `{id, name, args}`, and answers on standard output, `{id, result}` or `{id, error}`.
 */
import { createInterface } from "node:readline";
import * as clients from "./clients.ts";
import * as crowds from "./crowds.ts";
import * as http from "./http.ts";
import * as servers from "./servers.ts";
import * as tunnels from "./tunnels.ts";

const roles = { ...servers, ...clients, ...crowds, ...http, ...tunnels };

export type Roles = typeof roles;

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, name, args } = JSON.parse(line) as { id: number; name: keyof Roles; args: never[] };
  const play = roles[name] as (...args: never[]) => unknown;
  Promise.resolve()
    .then(() => play(...args))
    .then(
      (result) => console.log(JSON.stringify({ id, result: result ?? null })),
      (error: Error) => console.log(JSON.stringify({ id, error: error.message })),
    );
});
process.stdin.once("end", () => process.exit(0));
