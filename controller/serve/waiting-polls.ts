/** The polls that wait for news, by node, oldest first. */
import type { ServerHttp2Stream } from "node:http2";
import type { Peer } from "./peer.ts";
import type { WorkerState } from "./worker-ledger.ts";

export interface Poll {
  readonly node: string;
  readonly stream: ServerHttp2Stream;
  readonly peer: Peer;
  readonly seen: WorkerState;
}

export class WaitingPolls {
  readonly #nodes = new Map<string, Map<Poll, NodeJS.Timeout>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Nodes that have polls waiting. */
  get nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  of(node: string): readonly Poll[] {
    return [...(this.#nodes.get(node)?.keys() ?? [])];
  }

  countOf(node: string): number {
    return this.#nodes.get(node)?.size ?? 0;
  }

  /** Holds the poll until it is taken; `expire` is called when that has not happened after `waitMs`. */
  add(poll: Poll, waitMs: number, expire: () => void): void {
    const polls = this.#nodes.get(poll.node) ?? new Map<Poll, NodeJS.Timeout>();
    this.#nodes.set(poll.node, polls);
    polls.set(poll, setTimeout(expire, waitMs));
    this.#size++;
  }

  /** Ends the wait. False when it had ended: whoever takes a poll answers it, and nobody else. */
  take(poll: Poll): boolean {
    const polls = this.#nodes.get(poll.node);
    const timer = polls?.get(poll);
    if (polls === undefined || timer === undefined) return false;
    clearTimeout(timer);
    polls.delete(poll);
    if (polls.size === 0) this.#nodes.delete(poll.node);
    this.#size--;
    return true;
  }
}
