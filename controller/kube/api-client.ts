/** A Kubernetes API server, asked in plain JSON. */
import type { IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import type { Socket } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { jsonLines, jsonOf } from "./json-body.ts";

export interface Reply {
  readonly status: number;
  /** An object, or a Status that says what is wrong. */
  readonly body: unknown;
}

export interface Followed {
  /** JSON, one per line. */
  readonly values: AsyncIterable<unknown>;
}

/** No answer within this time is none. */
const ANSWER_MS = 30_000;
/** A connection on which nothing arrives is probed after this time, and given up some probes later. */
const PROBE_MS = 15_000;

export class ApiClient {
  readonly #config: KubeConfig;
  readonly #server: URL;
  /** Through a proxy the client's own agent connects. */
  readonly #agent: Agent | undefined;

  private constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error("the kubeconfig names no cluster: choose a context");
    this.#config = config;
    this.#server = new URL(cluster.server);
    this.#agent = cluster.proxyUrl === undefined ? new Agent({ keepAlive: true }) : undefined;
  }

  /** The cluster that a kubeconfig names; without one that of $KUBECONFIG, ~/.kube/config or the pod that this runs in. */
  static of(kubeconfig?: string): ApiClient {
    const config = new KubeConfig();
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
    return new ApiClient(config);
  }

  /** Closes connections that are idle. */
  close(): void {
    this.#agent?.destroy();
  }

  /** Answers whatever the status is; fails only if the server can't be reached. `path` has its query. */
  async ask(method: string, path: string, body?: unknown, type = "application/json"): Promise<Reply> {
    const response = await this.#send(
      method,
      path,
      body === undefined ? undefined : { text: JSON.stringify(body), type },
    );
    return { status: response.statusCode ?? 0, body: await jsonOf(response) };
  }

  /**
   * An answer without end. Its values end when the server ends them, and fail when the connection breaks, the server
   * falls silent for `silentMs`, or `signal` says so.
   */
  async follow(path: string, silentMs: number, signal: AbortSignal): Promise<Reply | Followed> {
    const response = await this.#send("GET", path, undefined, signal);
    if (response.statusCode !== 200) return { status: response.statusCode ?? 0, body: await jsonOf(response) };
    response.setTimeout(silentMs, () => response.destroy(new Error(`nothing arrived for ${silentMs} ms`)));
    return { values: jsonLines(response) };
  }

  async #send(
    method: string,
    path: string,
    body?: { readonly text: string; readonly type: string },
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const url = new URL(this.#server.pathname.replace(/\/$/, "") + path, this.#server);
    const content = body && {
      "content-type": body.type,
      // Without it Node sends the body of a DELETE as if it were the next request.
      "content-length": String(Buffer.byteLength(body.text)),
    };
    const headers = { accept: "application/json", ...content };
    const options: RequestOptions = { method, headers, ...(signal && { signal }) };
    // Each time: tokens are renewed.
    await this.#config.applyToHTTPSOptions(options);
    if (this.#agent !== undefined) options.agent = this.#agent;
    return new Promise((resolve, reject) => {
      const sent = request(url, options, (response) => {
        sent.setTimeout(0);
        resolve(response);
      });
      sent.setTimeout(ANSWER_MS, () => sent.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
      sent.once("socket", (socket: Socket) => socket.setKeepAlive(true, PROBE_MS));
      sent.once("error", reject);
      sent.end(body?.text);
    });
  }
}
