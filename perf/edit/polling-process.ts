/** The program behind `PollingNodes`. Ends with its parent. */
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Role } from "../../assembly/wire/image.ts";
import { type DecisionModule, loadDecisionModule } from "../decision/module.ts";
import { monotonicMs, type NodesAnswer, type NodesCommand, type PolledNode } from "./polling-nodes.ts";

/** What came since the last `begin`. */
class Arrivals {
  #answer: NodesAnswer = { receivedMs: 0, checkedMs: 0, checkingMs: 0, bytes: 0 };
  #count = 0;
  #expected = Number.POSITIVE_INFINITY;

  begin(): void {
    this.#answer = { receivedMs: 0, checkedMs: 0, checkingMs: 0, bytes: 0 };
    this.#count = 0;
    this.#expected = Number.POSITIVE_INFINITY;
  }

  expect(images: number): void {
    this.#expected = images;
    this.#tell();
  }

  add(receivedMs: number, bytes: number): void {
    const checkedMs = monotonicMs();
    const { checkingMs, bytes: before } = this.#answer;
    this.#answer = { receivedMs, checkedMs, checkingMs: checkingMs + checkedMs - receivedMs, bytes: before + bytes };
    this.#count++;
    this.#tell();
  }

  #tell(): void {
    if (this.#count < this.#expected) return;
    this.#expected = Number.POSITIVE_INFINITY;
    process.send?.(this.#answer);
  }
}

class PollingNode {
  readonly #node: PolledNode;
  readonly #id: Uint8Array;
  readonly #session: ClientHttp2Session;
  readonly #module: DecisionModule;
  readonly #arrivals: Arrivals;
  #have = "0";

  constructor(node: PolledNode, port: number, module: DecisionModule, arrivals: Arrivals) {
    this.#node = node;
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
    this.#session = connect(`https://127.0.0.1:${port}`, { createConnection: () => connectTls(options) });
  }

  poll(): void {
    const path = `/v1/nodes/${this.#node.nodeId}/image?have=${this.#have}&worker=1`;
    const stream = this.#session.request({ ":path": path });
    const chunks: Buffer[] = [];
    stream.on("response", (headers) => {
      this.#have = (headers["sallyport-generation"] as string | undefined) ?? this.#have;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      if (chunks.length > 0) this.#take(Buffer.concat(chunks));
      this.poll();
    });
  }

  #take(image: Uint8Array): void {
    const receivedMs = monotonicMs();
    const role = this.#node.role === "gateway" ? Role.Gateway : Role.Endpoint;
    this.#module.resetImage();
    const fault = this.#module.openImage(image, this.#id, this.#node.overlay, role, Math.floor(Date.now() / 1000));
    if (fault !== 0) throw new Error(`node ${this.#node.nodeId} refused its image: fault ${fault}`);
    this.#arrivals.add(receivedMs, image.length);
  }
}

const arrivals = new Arrivals();

process.on("disconnect", () => process.exit(0));
process.on("message", async (command: NodesCommand) => {
  if (command.kind === "begin") return arrivals.begin();
  if (command.kind === "expect") return arrivals.expect(command.images);
  const module = await loadDecisionModule(command.projectFolder);
  for (const node of command.nodes) new PollingNode(node, command.port, module, arrivals).poll();
});
