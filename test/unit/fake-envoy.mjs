#!/usr/bin/env node
/** Stands in for Envoy: takes its arguments and does what the "bootstrap" says: {socket, act}. */
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";

const { socket, act } = JSON.parse(readFileSync(process.argv[process.argv.indexOf("--config-path") + 1], "utf8"));
console.log(`${act} ${process.argv.slice(4).join(" ")}`);
if (act === "crash") process.exit(3);
if (act === "deaf") process.on("SIGTERM", () => {});
rmSync(socket, { force: true });
createServer((request, response) => {
  response.statusCode = act === "unready" ? 503 : 200;
  response.end(request.url?.startsWith("/stats") ? "tcp.a: 12\nb.c: 0\nhistogram: P0(1,2)\n" : "LIVE\n");
}).listen(socket);
