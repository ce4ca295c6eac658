/** The program behind `PollingNodes`. Ends with its parent. */
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Role } from "../../assembly/wire/image.ts";
import { type DecisionModule, loadDecisionModule } from "../decision/module.ts";
import { monotonicMs, type NodesAnswer, type NodesCommand, type PolledNode } from "./polling-nodes.ts";

/** The wait of the filters after a first failure. */
const RETRY_MS = 100;
/** As in our bootstraps. */
const WINDOW = 1_048_576;
/** Envoy's main thread polls as its only worker does. */
const WORKERS = [1, 2];

interface Arrival {
  readonly receivedMs: number;
  /** Answers the fault, 0 for none. */
  check(): number;
  release(): void;
  readonly bytes: number;
}

/**
 * The images that came since the last `begin`. They are checked when all are here: real nodes check side by side, and
 * none waits for another's check.
 */
class Arrivals {
  readonly #arrivals: Arrival[] = [];
  #expected = Number.POSITIVE_INFINITY;

  begin(): void {
    this.#arrivals.length = 0;
    this.#expected = Number.POSITIVE_INFINITY;
  }

  expect(images: number): void {
    this.#expected = images;
    this.#tell();
  }

  add(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    this.#tell();
  }

  #tell(): void {
    if (this.#arrivals.length < this.#expected) return;
    this.#expected = Number.POSITIVE_INFINITY;
    const checks = this.#arrivals.map(timedCheck);
    const answer: NodesAnswer = {
      receivedMs: Math.max(...this.#arrivals.map(({ receivedMs }) => receivedMs)),
      checkedMs: Math.max(...this.#arrivals.map(({ receivedMs }, i) => receivedMs + (checks[i] as number))),
      bytes: this.#arrivals.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    process.send?.(answer);
  }
}

function timedCheck(arrival: Arrival): number {
  const start = monotonicMs();
  const fault = arrival.check();
  const elapsed = monotonicMs() - start;
  if (fault !== 0) throw new Error(`a node refused its image: fault ${fault}`);
  arrival.release();
  return elapsed;
}

/** One thread of a node: it has a connection of its own. */
class Poller {
  readonly #node: PolledNode;
  readonly #id: Uint8Array;
  readonly #worker: number;
  readonly #connect: () => ClientHttp2Session;
  #session: ClientHttp2Session | undefined;
  readonly #module: DecisionModule;
  readonly #arrivals: Arrivals;
  #have = "0";

  constructor(node: PolledNode, worker: number, port: number, module: DecisionModule, arrivals: Arrivals) {
    this.#node = node;
    this.#worker = worker;
    this.#id = Buffer.from(node.nodeId, "hex");
    this.#module = module;
    this.#arrivals = arrivals;
    const file = (name: string) => readFileSync(join(node.folder, "tls", "current", name));
    const credentials = { cert: file("cert.pem"), key: file("key.pem"), ca: file("ca.pem") };
    // The server shows a SPIFFE id, not the host name that Node would look for.
    const options = {
      host: "127.0.0.1",
      port,
      ALPNProtocols: ["h2"],
      checkServerIdentity: () => undefined,
      ...credentials,
    };
    const createConnection = () => connectTls(options);
    const settings = { initialWindowSize: WINDOW };
    this.#connect = () => connect(`https://127.0.0.1:${port}`, { createConnection, settings });
  }

  /** Polls until the process ends; a lost connection is made anew, as an Envoy makes it. */
  poll(): void {
    const session = this.#openSession();
    const path = `/v1/nodes/${this.#node.nodeId}/image?have=${this.#have}&worker=${this.#worker}`;
    const stream = session.request({ ":path": path });
    const chunks: Buffer[] = [];
    let generation = this.#have;
    stream.on("response", (headers) => {
      generation = (headers["sallyport-generation"] as string | undefined) ?? generation;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.on("close", () => {
      if (stream.rstCode !== 0) return void setTimeout(() => this.poll(), RETRY_MS);
      this.#have = generation;
      if (chunks.length > 0) this.#take(Buffer.concat(chunks));
      this.poll();
    });
  }

  #openSession(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) return this.#session;
    this.#session = this.#connect();
    this.#session.on("error", () => {});
    this.#session.on("connect", (session) => session.setLocalWindowSize(2 * WINDOW));
    return this.#session;
  }

  #take(image: Uint8Array): void {
    const role = this.#node.role === "gateway" ? Role.Gateway : Role.Endpoint;
    const now = Math.floor(Date.now() / 1000);
    const check = () => this.#module.openImage(image, this.#id, this.#node.overlay, role, now);
    const release = () => {
      this.#module.resetImage();
      this.#module.__collect();
    };
    this.#arrivals.add({ receivedMs: monotonicMs(), bytes: image.length, check, release });
  }
}

const arrivals = new Arrivals();

process.on("disconnect", () => process.exit(0));
process.on("message", async (command: NodesCommand) => {
  if (command.kind === "begin") return arrivals.begin();
  if (command.kind === "expect") return arrivals.expect(command.nodes * WORKERS.length);
  const module = await loadDecisionModule(command.projectFolder);
  for (const node of command.nodes) {
    for (const worker of WORKERS) new Poller(node, worker, command.port, module, arrivals).poll();
  }
});
