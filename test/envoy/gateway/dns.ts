/** A name server for a lab: addresses of names, as a cluster's DNS answers for headless Services. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { runOrFail } from "../../../controller/node/child.ts";

const HEADER = 12;
const TYPE_A = 1;
/** Flags of an answer: from the authority for the name; with a name error, of one that isn't there. */
const ANSWER = 0x8400;
const NO_NAME = 3;
/** Seconds; what an Envoy does with it is its own affair. */
const TTL = 5;

export class NameServer {
  /** Lookups so far. */
  asked = 0;
  readonly #names = new Map<string, readonly string[]>();
  readonly #socket: Socket = createSocket("udp4");

  /** Answers at port 53, and makes every process of the lab ask there. */
  static async start(address: string, scratchFile: string): Promise<NameServer> {
    const server = new NameServer();
    server.#socket.on("message", (query, { port, address: to }) =>
      server.#socket.send(server.#answer(query), port, to),
    );
    server.#socket.bind(53, address);
    await once(server.#socket, "listening");
    await writeFile(scratchFile, `nameserver ${address}\n`);
    await runOrFail(["mount", "--bind", scratchFile, "/etc/resolv.conf"]);
    return server;
  }

  /** IPv4 addresses; none: the name exists and has none. */
  set(name: string, addresses: readonly string[]): void {
    this.#names.set(name, addresses);
  }

  close(): void {
    this.#socket.close();
  }

  #answer(query: Buffer): Buffer {
    this.asked++;
    const { name, end } = question(query);
    const known = this.#names.get(name);
    const addresses = query.readUInt16BE(end - 4) === TYPE_A ? (known ?? []) : [];
    const header = Buffer.alloc(HEADER);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(known === undefined ? ANSWER | NO_NAME : ANSWER, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    return Buffer.concat([header, query.subarray(HEADER, end), ...addresses.map(record)]);
  }
}

/** The one question of a query: its name, and where it ends. */
function question(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 5 };
}

/** Of the question's name, which a pointer repeats. */
function record(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0xc000 | HEADER, 0);
  bytes.writeUInt16BE(TYPE_A, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(TTL, 6);
  bytes.writeUInt16BE(4, 10);
  bytes.set(address.split(".").map(Number), 12);
  return bytes;
}
