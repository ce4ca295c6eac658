/** Small network programs that tests run inside a node: a server that greets, a client that reports what it got. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { Lab } from "../../controller/node/namespace.ts";
import { asUser } from "./as-user.ts";

const SERVER = `
  const [port, greeting] = process.argv.slice(1);
  const server = require("node:net").createServer((socket) => { socket.on("error", () => {}); socket.write(greeting); socket.on('data', () => socket.write('heard')); });
  server.listen(Number(port), "::", () => console.log("listening"));
`;

/** Python, because Node cannot set SO_PRIORITY (12 on Linux), by which Envoy's own connections are told apart. */
const CLIENT = `
import socket, sys
host, port, priority = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
s.settimeout(0.7)
if priority: s.setsockopt(socket.SOL_SOCKET, 12, priority)
try:
    s.connect((host, port))
    print(s.recv(100).decode() or "closed")
except socket.timeout: print("timeout")
except OSError as error: print(__import__("errno").errorcode[error.errno])
`;

/** Connects, says so, and on a line of input sends a byte and reports what comes back. */
const HOLDER = `
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.recv(100)
print("connected", flush=True)
sys.stdin.readline()
s.settimeout(0.7)
try:
    s.send(b"x")
    print(s.recv(100).decode() or "closed")
except socket.timeout: print("timeout")
except OSError as error: print(__import__("errno").errorcode[error.errno])
`;

/** Serves `greeting` on all addresses of the node until the lab ends. */
export async function listenIn(lab: Lab, node: string, port: number, greeting: string): Promise<void> {
  const child = lab.execIn(node, [process.execPath, "-e", SERVER, String(port), greeting], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout !== null) await once(child.stdout, "data");
}

/** What a client in the node sees: the greeting, an error code such as ECONNREFUSED, `closed`, or `timeout`. */
export async function connectFrom(
  lab: Lab,
  node: string,
  host: string,
  port: number,
  { priority = 0, uid = 0 } = {},
): Promise<string> {
  const client = ["python3", "-c", CLIENT, host, String(port), String(priority)];
  return (await lab.run(node, uid === 0 ? client : asUser(uid, client))).trim();
}

/** An open connection of a client in the node. */
export interface Held {
  /** Sends a byte and answers what comes back, as `connectFrom` does. */
  speak(): Promise<string>;
}

export async function holdFrom(lab: Lab, node: string, host: string, port: number): Promise<Held> {
  const child = lab.execIn(node, ["python3", "-c", HOLDER, host, String(port)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const next = async () => String((await once(child.stdout as NodeJS.EventEmitter, "data"))[0]).trim();
  await next();
  return {
    speak: () => {
      child.stdin?.write("\n");
      return next();
    },
  };
}

/** Sends one datagram from the node; nobody answers. */
export async function sendDatagram(lab: Lab, node: string, host: string, port: number): Promise<void> {
  const family = host.includes(":") ? "AF_INET6" : "AF_INET";
  const program = `import socket; s = socket.socket(socket.${family}, socket.SOCK_DGRAM)
try: s.sendto(b"x", ("${host}", ${port}))
except PermissionError: pass`;
  await lab.run(node, ["python3", "-c", program]);
}

/** Serves `greeting` in this process. */
export async function answer(host: string, port: number, greeting: string): Promise<void> {
  const server = createServer((socket) => socket.end(greeting));
  server.listen(port, host);
  await once(server, "listening");
}
