/** Which workers of which node run which image: what nodes say in `have` is their acknowledgement. */

export interface WorkerState {
  readonly worker: string;
  /** Address that the worker polls from. */
  readonly address: string;
  readonly generation: bigint;
  /** Milliseconds since 1970. */
  readonly lastSeen: number;
}

interface Entry extends WorkerState {
  readonly waiting: number;
}

/** A node's peers choose their worker names; more than this many are somebody's mistake or mischief. */
const MAX_WORKERS_PER_NODE = 1024;

export class WorkerLedger {
  readonly #nodes = new Map<string, Map<string, Entry>>();
  readonly #expiryMs: number;

  /** A worker that has not been seen for `expiryMs` no longer counts. */
  constructor(expiryMs: number) {
    this.#expiryMs = expiryMs;
  }

  /** A poll arrived. Answers whether it acknowledges another generation than the worker had before. */
  arrived(node: string, seen: WorkerState): boolean {
    const workers = this.#nodes.get(node) ?? new Map<string, Entry>();
    this.#nodes.set(node, workers);
    const key = keyOf(seen);
    const before = workers.get(key);
    // Taken out and put back: the map's order is the order of last sight.
    workers.delete(key);
    if (workers.size >= MAX_WORKERS_PER_NODE) workers.delete(workers.keys().next().value as string);
    workers.set(key, { ...seen, waiting: (before?.waiting ?? 0) + 1 });
    return before?.generation !== seen.generation;
  }

  /** The poll was answered. */
  answered(node: string, seen: WorkerState, now: number): void {
    this.#settle(node, seen, (entry) => ({ ...entry, waiting: entry.waiting - 1, lastSeen: now }));
  }

  /** The poll's connection went away: a worker with no other poll is gone, or will say that it isn't. */
  abandoned(node: string, seen: WorkerState): void {
    this.#settle(node, seen, (entry) => (entry.waiting > 1 ? { ...entry, waiting: entry.waiting - 1 } : undefined));
  }

  /** The connection that the worker polled over is closed: without a poll that waits on another one it is gone. */
  disconnected(node: string, seen: WorkerState): void {
    this.#settle(node, seen, (entry) => (entry.waiting > 0 ? entry : undefined));
  }

  /** Forgets the nodes that are not in `nodes`. */
  keepOnly(nodes: { has(node: string): boolean }): void {
    for (const node of this.#nodes.keys()) if (!nodes.has(node)) this.#nodes.delete(node);
  }

  /** Workers that wait now or were seen lately. */
  workers(node: string, now: number): WorkerState[] {
    const workers = this.#nodes.get(node);
    if (workers === undefined) return [];
    for (const [key, entry] of workers) {
      if (entry.waiting === 0 && now - entry.lastSeen > this.#expiryMs) workers.delete(key);
    }
    return [...workers.values()].map(({ waiting: _, ...state }) => state);
  }

  #settle(node: string, seen: WorkerState, change: (entry: Entry) => Entry | undefined): void {
    const workers = this.#nodes.get(node);
    const entry = workers?.get(keyOf(seen));
    if (workers === undefined || entry === undefined) return;
    const after = change(entry);
    if (after === undefined) workers.delete(keyOf(seen));
    else workers.set(keyOf(seen), after);
  }
}

/** Replicas of a gateway are one node; they may not agree on names. */
function keyOf(seen: WorkerState): string {
  return `${seen.address} ${seen.worker}`;
}
