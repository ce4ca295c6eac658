/** Small network programs that tests run inside a node: a server that greets, a client that reports what it got. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { Lab } from "../../controller/node/namespace.ts";

const SERVER = `
  const [port, greeting] = process.argv.slice(1);
  const server = require("node:net").createServer((socket) => { socket.on("error", () => {}); socket.end(greeting); });
  server.listen(Number(port), "::", () => console.log("listening"));
`;

const CLIENT = `
  const [host, port] = process.argv.slice(1);
  const socket = require("node:net").connect({ host, port: Number(port) });
  const report = (text) => { console.log(text); process.exit(0); };
  setTimeout(() => report("timeout"), 700);
  socket.on("data", (bytes) => report(bytes.toString()));
  socket.on("error", (error) => report(error.code));
  socket.on("close", () => report("closed"));
`;

/** Serves `greeting` on all addresses of the node until the lab ends. */
export async function listenIn(lab: Lab, node: string, port: number, greeting: string): Promise<void> {
  const child = lab.execIn(node, [process.execPath, "-e", SERVER, String(port), greeting], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout !== null) await once(child.stdout, "data");
}

/** What a client in the node sees: the greeting, an error code such as ECONNREFUSED, `closed`, or `timeout`. */
export async function connectFrom(lab: Lab, node: string, host: string, port: number): Promise<string> {
  return (await lab.run(node, [process.execPath, "-e", CLIENT, host, String(port)])).trim();
}

/** Serves `greeting` in this process. */
export async function answer(host: string, port: number, greeting: string): Promise<void> {
  const server = createServer((socket) => socket.end(greeting));
  server.listen(port, host);
  await once(server, "listening");
}
