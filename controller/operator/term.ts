/** What a replica does while it leads. */
import type { Mesh } from "../emit/istio/mesh.ts";
import type { ApiClient } from "../kube/api-client.ts";
import type { OwnObjects } from "../kube/own-objects.ts";
import type { Issued } from "../serve/authority.ts";
import { Applier } from "./applier.ts";
import type { Decisions } from "./decisions.ts";
import { emission } from "./emission.ts";
import { Leader } from "./leader.ts";
import { leaderSlice } from "./leader-slice.ts";
import type { Log } from "./log.ts";
import { Masters } from "./masters.ts";
import type { Settings } from "./settings.ts";
import { Task } from "./task.ts";

export interface TermOptions {
  readonly number: number;
  /** Asked right before each request that only the leader may make. */
  readonly isLeading: () => boolean;
  readonly client: ApiClient;
  readonly settings: Settings;
  readonly mesh: Mesh;
  readonly certificate: Issued;
  readonly own: OwnObjects;
  readonly log: Log;
}

/** Master keys that can't be had are tried for as often. */
const KEYS_MS = 5000;

export class Term {
  readonly #leader: Leader;
  readonly #masters: Masters;
  readonly #applier: Applier;
  readonly #publishing: Task;
  readonly #applying: Task;
  #decisions: Decisions | undefined;
  #isClosed = false;

  constructor(private readonly options: TermOptions) {
    const { number, isLeading, client, settings, mesh, certificate, log } = options;
    const { host, images: port } = settings.listen;
    this.#masters = new Masters(client, mesh.controlNamespace);
    this.#leader = new Leader({
      term: number,
      certificate,
      host,
      port,
      masters: this.#masters,
      log,
      progressed: () => {},
    });
    this.#applier = new Applier(client, () => !this.#isClosed && isLeading(), {
      applied: () => {},
      deleted: () => {},
      failed: ({ message }) => log.trouble(message),
      repaired: (what) => log.trouble(`${what} was changed by somebody else: repaired`),
    });
    const failed = (what: string) => (error: unknown) => log.trouble(`${what}: ${String(error)}`);
    this.#publishing = new Task(() => this.#publish(), { quietMs: 0, failed: failed("images can't be issued") });
    this.#applying = new Task(() => this.#apply(), { quietMs: 20, failed: failed("objects can't be applied") });
  }

  get number(): number {
    return this.options.number;
  }

  /** Fails if the port is taken. */
  open(): Promise<void> {
    return this.#leader.open();
  }

  renew(certificate: Issued): void {
    this.#leader.renew(certificate);
  }

  take(decisions: Decisions): void {
    this.#decisions = decisions;
    this.#publishing.note();
    this.#applying.note();
  }

  /** Objects that were applied may be others. */
  noteObjects(): void {
    this.#applying.note();
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = this.#leader.close();
    await Promise.all([closed, this.#publishing.stop(), this.#applying.stop()]);
  }

  async #publish(): Promise<void> {
    const policies = this.#decisions?.policies ?? [];
    await this.#masters.open(policies.map(({ overlay }) => overlay.name));
    const { isLeading, log } = this.options;
    if (!isLeading()) return;
    // Not those from before the keys were asked for.
    this.#leader.publish(this.#decisions?.policies ?? []);
    for (const problem of this.#masters.problems.values()) log.trouble(problem);
    if (this.#masters.problems.size > 0) this.#publishing.note(KEYS_MS);
  }

  async #apply(): Promise<void> {
    const found = this.options.own.all();
    if (this.#decisions === undefined || found === undefined) return;
    const { settings, mesh } = this.options;
    const { groups, mayPrune } = emission(this.#decisions, mesh);
    const slice = leaderSlice(mesh.controlNamespace, settings.podName, settings.podIp);
    const { againMs } = await this.#applier.pass([[slice], ...groups], found, mayPrune);
    if (againMs !== undefined) this.#applying.note(againMs);
  }
}
