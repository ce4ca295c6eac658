/** Serves each node its image by long poll, and learns from the same poll what the node runs. */
import { type Http2Session, constants as http2, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Clock, Issued } from "./authority.ts";
import { ControlServer } from "./control-server.ts";
import { type ImageRequest, parseImageRequest } from "./image-request.ts";
import { sendImage } from "./image-sender.ts";
import type { Peer } from "./peer.ts";
import { type NodeImage, Published } from "./published.ts";
import { REFUSALS, type Refusal, RefusalCounts } from "./refusal.ts";
import { type Poll, WaitingPolls } from "./waiting-polls.ts";
import { WorkerLedger, type WorkerState } from "./worker-ledger.ts";

export interface ImageServerEvents {
  /** A worker said for the first time that it runs this generation; 0: it has none yet. */
  acknowledged?(node: string, worker: WorkerState): void;
  /** A connection of this node was closed, and workers went with it. */
  disconnected?(node: string): void;
  /** Of the same refusals only some are reported; `times` says how many of this SPIFFE id. No secrets. */
  refused?(refusal: Refusal, peer: string, detail: string, times: number): void;
}

export interface ImageServerOptions {
  readonly certificate: Issued;
  readonly clock: Clock;
  readonly events?: ImageServerEvents;
  /** How long a poll waits for news. */
  readonly pollMs?: number;
  readonly maxPollsPerNode?: number;
  readonly maxPolls?: number;
}

/** Of how many of a node's workers, how many run its current image. */
export interface Programmed {
  readonly workers: number;
  readonly current: number;
}

export interface ImageServerStatus {
  /** Polls that wait now. */
  readonly polls: number;
  readonly sessions: number;
  /** Answers so far, by HTTP status. */
  readonly answers: Readonly<Record<number, number>>;
  /** Refusals so far, by name. */
  readonly refusals: Readonly<Partial<Record<Refusal, number>>>;
  readonly nodes: ReadonlyMap<string, { readonly generation: bigint; readonly workers: readonly WorkerState[] }>;
}

const POLL_MS = 30_000;
const NO_BODY = { endStream: true };

export class ImageServer {
  readonly #server: ControlServer;
  readonly #clock: Clock;
  readonly #events: ImageServerEvents;
  readonly #limits: { readonly pollMs: number; readonly perNode: number; readonly all: number };
  readonly #ledger: WorkerLedger;
  readonly #polls = new WaitingPolls();
  readonly #answers: Record<number, number> = {};
  readonly #refusals = new RefusalCounts();
  /** The last poll of each worker over a connection: a node that was restarted names its workers anew. */
  readonly #polledOver = new WeakMap<Http2Session, Map<string, Poll>>();
  #published = new Published(undefined);

  constructor(options: ImageServerOptions) {
    const { pollMs = POLL_MS, maxPollsPerNode = 1024, maxPolls = 100_000 } = options;
    this.#clock = options.clock;
    this.#events = options.events ?? {};
    this.#limits = { pollMs, perNode: maxPollsPerNode, all: maxPolls };
    this.#ledger = new WorkerLedger(2 * pollMs);
    this.#server = new ControlServer(options.certificate, 3 * pollMs, (...request) => this.#receive(...request));
  }

  /** Without a host on all addresses. Port 0 takes a free one; the answer is the port that was taken. */
  listen(host: string | undefined, port: number): Promise<number> {
    return this.#server.listen(host, port);
  }

  /** Shows another certificate on connections from now on. */
  renew(certificate: Issued): void {
    this.#server.renew(certificate);
  }

  /** Makes `images` (by node id in hex) all that there is, and answers every waiting poll that this concerns. */
  publish(images: ReadonlyMap<string, NodeImage>): void {
    this.#published = new Published(images);
    for (const node of this.#polls.nodes) {
      const render = renderOnce(images.get(node));
      for (const poll of this.#polls.of(node)) this.#answer(poll, render);
    }
    this.#ledger.keepOnly(images);
  }

  /** How far the node is with its current image; with `addresses` only the replica that polls from there. */
  programmed(node: string, addresses?: readonly string[]): Programmed {
    const known = this.#ledger.workers(node, this.#clock.now());
    const workers = known.filter(({ address }) => addresses === undefined || addresses.includes(address));
    const generation = this.#published.nodes.get(node)?.generation;
    return { workers: workers.length, current: workers.filter((one) => one.generation === generation).length };
  }

  status(): ImageServerStatus {
    const now = this.#clock.now();
    const nodes = [...this.#published.nodes].map(
      ([node, { generation }]) => [node, { generation, workers: this.#ledger.workers(node, now) }] as const,
    );
    return {
      polls: this.#polls.size,
      sessions: this.#server.sessions,
      answers: { ...this.#answers },
      refusals: this.#refusals.all,
      nodes: new Map(nodes),
    };
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    return this.#server.close();
  }

  #receive(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: Peer | undefined): void {
    const request = parseImageRequest(String(headers[":method"]), String(headers[":path"]));
    const refusal =
      request === undefined || !stream.endAfterHeaders ? "malformed-request" : this.#refusal(request.node, peer);
    if (request === undefined || peer === undefined || refusal !== undefined) {
      this.#refuse(stream, refusal ?? "unnamed-peer", peer, request);
      return;
    }
    const now = this.#clock.now();
    const seen = { worker: request.worker, address: peer.address, generation: request.have, lastSeen: now };
    if (this.#ledger.arrived(request.node, seen)) this.#events.acknowledged?.(request.node, seen);
    this.#hold({ node: request.node, stream, peer, seen });
  }

  #refusal(node: string, peer: Peer | undefined): Refusal | undefined {
    if (peer === undefined) return "unnamed-peer";
    const full = this.#polls.size >= this.#limits.all ? "too-busy" : undefined;
    return this.#published.refusal(node, peer, this.#clock.now()) ?? full;
  }

  #hold(poll: Poll): void {
    if (poll.stream.session !== undefined) this.#remember(poll.stream.session, poll);
    this.#polls.add(poll, this.#limits.pollMs, () => this.#end(poll, 204));
    poll.stream.once("close", () => {
      if (this.#polls.take(poll)) this.#ledger.abandoned(poll.node, poll.seen);
    });
    this.#answer(poll, renderOnce(this.#published.nodes.get(poll.node)));
    const [oldest] = this.#polls.countOf(poll.node) > this.#limits.perNode ? this.#polls.of(poll.node) : [];
    if (oldest !== undefined) this.#turnAway(oldest, "too-many-polls");
  }

  #remember(session: Http2Session, poll: Poll): void {
    let workers = this.#polledOver.get(session);
    if (workers === undefined) {
      const known = new Map<string, Poll>();
      session.once("close", () => this.#disconnected(known));
      this.#polledOver.set(session, known);
      workers = known;
    }
    workers.set(`${poll.node} ${poll.seen.worker}`, poll);
  }

  #disconnected(workers: ReadonlyMap<string, Poll>): void {
    for (const { node, seen } of workers.values()) {
      this.#ledger.disconnected(node, seen);
      this.#events.disconnected?.(node);
    }
  }

  /** Answers the poll if there is something to say; else it goes on waiting. */
  #answer(poll: Poll, render: () => readonly Uint8Array[]): void {
    const refusal = this.#published.refusal(poll.node, poll.peer, this.#clock.now());
    if (refusal !== undefined) {
      this.#turnAway(poll, refusal);
      return;
    }
    const generation = this.#published.nodes.get(poll.node)?.generation ?? 0n;
    // A node that is ahead of the controller would refuse this one: it waits for a newer.
    if (generation <= poll.seen.generation) return;
    try {
      const parts = render();
      if (this.#settle(poll, 200)) sendImage(poll.stream, generation, parts);
    } catch (error) {
      this.#turnAway(poll, "image-broken", `node ${poll.node}, ${error}`);
    }
  }

  #turnAway(poll: Poll, refusal: Refusal, detail = `node ${poll.node}`): void {
    this.#report(refusal, poll.peer, detail);
    this.#end(poll, REFUSALS[refusal].status);
  }

  #end(poll: Poll, status: number): void {
    if (this.#settle(poll, status)) poll.stream.respond({ ":status": status }, NO_BODY);
  }

  /** Ends the wait; whether there is still somebody to answer. */
  #settle(poll: Poll, status: number): boolean {
    if (!this.#polls.take(poll)) return false;
    this.#ledger.answered(poll.node, poll.seen, this.#clock.now());
    this.#count(status);
    this.#retire(poll);
    return !poll.stream.closed && !poll.stream.destroyed;
  }

  /** Connections outlive certificates: in the last quarter of its life the peer is asked to connect anew. */
  #retire(poll: Poll): void {
    const { notBefore, notAfter } = poll.peer;
    if (this.#clock.now() <= notAfter - (notAfter - notBefore) / 4) return;
    setImmediate(() => poll.stream.session?.close());
  }

  #refuse(
    stream: ServerHttp2Stream,
    refusal: Refusal,
    peer: Peer | undefined,
    request: ImageRequest | undefined,
  ): void {
    const { status } = REFUSALS[refusal];
    this.#report(refusal, peer, request === undefined ? "" : `node ${request.node}`);
    this.#count(status);
    stream.respond({ ":status": status }, NO_BODY);
    // Nobody reads the body that it may be sending.
    if (!stream.endAfterHeaders) stream.close(http2.NGHTTP2_NO_ERROR);
    if (peer !== undefined && peer.notAfter <= this.#clock.now()) stream.session?.close();
  }

  #report(refusal: Refusal, peer: Peer | undefined, detail: string): void {
    const times = this.#refusals.count(refusal, peer?.identity ?? "");
    if (times !== undefined) this.#events.refused?.(refusal, nameOf(peer), detail, times);
  }

  #count(status: number): void {
    this.#answers[status] = (this.#answers[status] ?? 0) + 1;
  }
}

function nameOf(peer: Peer | undefined): string {
  return peer === undefined ? "a peer without one SPIFFE id" : `${peer.identity} at ${peer.address}`;
}

/** Workers of a node that are woken together share one rendering. */
function renderOnce(image: NodeImage | undefined): () => readonly Uint8Array[] {
  let rendered: readonly Uint8Array[] | undefined;
  return () => {
    rendered ??= typeof image?.parts === "function" ? image.parts() : (image?.parts ?? []);
    return rendered;
  };
}
