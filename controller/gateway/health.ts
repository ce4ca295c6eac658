/** What kubelet and Prometheus ask a SaP's pod for: GET /healthz, /readyz, /metrics. */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { adminGet, envoyStats } from "../node/admin.ts";
import { keepNewest } from "../serve/newest-connections.ts";

export interface HealthFacts {
  readonly adminSocket: string;
  /** Why no flow should come here, whatever Envoy says; empty: nothing. */
  trouble(): string;
  /** Gauges of this program's own, by name. */
  gauges(): Readonly<Record<string, number>>;
}

const MAX_CONNECTIONS = 100;
const GENERATION = "wasmcustom.sallyport.image.generation";

export class Health {
  readonly #server: Server;

  constructor(private readonly facts: HealthFacts) {
    this.#server = createServer({ requestTimeout: 10_000 }, ({ method, url }, response) => {
      const answer = this.#answers[url ?? ""];
      if (answer === undefined) return reply(response, 404, "not found");
      if (method !== "GET" && method !== "HEAD") return reply(response, 405, "GET only");
      answer().then(
        ([status, text]) => reply(response, status, text),
        () => reply(response, 503, "Envoy doesn't answer"),
      );
    });
    keepNewest(this.#server, MAX_CONNECTIONS);
  }

  /** Port 0 takes a free one; the answer is the port that was taken. Without a host it listens everywhere. */
  async listen(port: number, host?: string): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  readonly #answers: Readonly<Record<string, () => Promise<[number, string]>>> = {
    "/healthz": async () => [(await adminGet(this.facts.adminSocket, "/server_info")).status, "ok"],
    "/readyz": async () => {
      const trouble = this.facts.trouble() || (await unready(this.facts.adminSocket));
      return trouble === "" ? [200, "ok"] : [503, trouble];
    },
    "/metrics": async () => {
      const { status, body } = await adminGet(this.facts.adminSocket, "/stats/prometheus");
      const own = Object.entries(this.facts.gauges()).map(
        ([name, value]) => `# TYPE ${name} gauge\n${name} ${value}\n`,
      );
      return [status, body + own.join("")];
    },
  };
}

/** A SaP without an image refuses every flow: others shall have them. */
async function unready(adminSocket: string): Promise<string> {
  const { status, body } = await adminGet(adminSocket, "/ready");
  if (status !== 200) return `Envoy is ${body.trim()}`;
  const stats = await envoyStats(adminSocket, `^${GENERATION.replaceAll(".", "\\.")}$`);
  return (stats.get(GENERATION) ?? 0) > 0 ? "" : "no image from the controller yet";
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(`${text}\n`);
}
