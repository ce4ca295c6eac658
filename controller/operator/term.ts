/** What a replica does while it leads. */
import type { Mesh } from "../emit/istio/mesh.ts";
import type { ApiClient } from "../kube/api-client.ts";
import { metadataOf } from "../kube/apply.ts";
import type { ClusterWorld } from "../kube/cluster-world.ts";
import type { OwnObjects } from "../kube/own-objects.ts";
import type { Issued } from "../serve/authority.ts";
import { Applier, type ApplierEvents, type Unapplied } from "./applier.ts";
import type { Decisions } from "./decisions.ts";
import { emission } from "./emission.ts";
import { Leader } from "./leader.ts";
import { leaderSlice } from "./leader-slice.ts";
import type { Log } from "./log.ts";
import { Masters } from "./masters.ts";
import type { Counters, Sample } from "./metrics.ts";
import { Reporter } from "./reporter.ts";
import { termSamples } from "./samples.ts";
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
  readonly cluster: ClusterWorld;
  readonly own: OwnObjects;
  readonly log: Log;
  readonly counters: Counters;
}

/** Master keys that can't be had are tried for as often. */
const KEYS_MS = 5000;
/** Conditions follow nodes at this pace. */
const REPORTS_APART_MS = 1000;

export class Term {
  readonly #leader: Leader;
  readonly #masters: Masters;
  readonly #applier: Applier;
  readonly #publishing: Task;
  readonly #applying: Task;
  readonly #reporter: Reporter;
  readonly #reporting: Task;
  #unapplied: readonly Unapplied[] = [];
  #decisions: Decisions | undefined;
  #isClosed = false;

  constructor(private readonly options: TermOptions) {
    const { number, isLeading, client, cluster, settings, mesh, certificate, log, counters } = options;
    const { host, images: port } = settings.listen;
    const mayWrite = () => !this.#isClosed && isLeading();
    const progressed = () => this.#reporting.note();
    this.#masters = new Masters(client, mesh.controlNamespace);
    this.#leader = new Leader({ term: number, certificate, host, port, masters: this.#masters, log, progressed });
    this.#applier = new Applier(client, mayWrite, applierEvents(log, counters));
    this.#reporter = new Reporter({ client, cluster, instance: settings.podName, log, counters, mayWrite });
    const failed = (what: string) => (error: unknown) => log.trouble(`${what}: ${String(error)}`);
    this.#publishing = new Task(() => this.#publish(), { quietMs: 0, failed: failed("images can't be issued") });
    this.#applying = new Task(() => this.#apply(), { quietMs: 20, failed: failed("objects can't be applied") });
    this.#reporting = new Task(() => this.#report(), {
      quietMs: 100,
      apartMs: REPORTS_APART_MS,
      failed: failed("conditions and Events can't be written"),
    });
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

  /** Samples of what is served and to whom. */
  get samples(): Sample[] {
    return termSamples(this.#leader, this.#decisions?.policies ?? []);
  }

  /** Objects that were applied may be others. */
  noteObjects(): void {
    this.#applying.note();
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = this.#leader.close();
    await Promise.all([closed, this.#publishing.stop(), this.#applying.stop(), this.#reporting.stop()]);
  }

  async #publish(): Promise<void> {
    const policies = this.#decisions?.policies ?? [];
    await this.#masters.open(policies.map(({ overlay }) => overlay.name));
    const { isLeading, log } = this.options;
    if (!isLeading()) return;
    // Not those from before the keys were asked for.
    if (this.#decisions !== undefined) this.#leader.publish(this.#decisions);
    this.#reporting.note();
    for (const problem of this.#masters.problems.values()) log.trouble(problem);
    if (this.#masters.problems.size > 0) this.#publishing.note(KEYS_MS);
  }

  async #apply(): Promise<void> {
    if (this.#decisions === undefined) return;
    const { cluster, settings, mesh, own } = this.options;
    const declared = new Set(cluster.objectsOf("OverlayGateway").map((gateway) => metadataOf(gateway).name));
    const there = { found: own.all(), unknown: own.unknown };
    const { groups, mayPrune } = emission(this.#decisions, mesh, declared);
    const slice = leaderSlice(mesh.controlNamespace, settings.podName, settings.podIp);
    const { againMs, unapplied } = await this.#applier.pass([[slice], ...groups], there, mayPrune);
    this.#unapplied = unapplied;
    this.#reporting.note();
    if (againMs !== undefined) this.#applying.note(againMs);
  }

  async #report(): Promise<void> {
    if (this.#decisions === undefined) return;
    const { problems } = this.#masters;
    const report = { decisions: this.#decisions, leader: this.#leader, problems, unapplied: this.#unapplied };
    if (await this.#reporter.tell(report)) this.#reporting.note();
  }
}

function applierEvents(log: Log, counters: Counters): ApplierEvents {
  return {
    applied: (kind) => counters.add("sallyport_objects_applied_total", { kind }),
    deleted: (kind) => counters.add("sallyport_objects_deleted_total", { kind }),
    failed: ({ kind, why, message }) => {
      counters.add("sallyport_apply_failures_total", { kind, reason: why });
      log.trouble(message);
    },
    repaired: (kind, what) => {
      counters.add("sallyport_objects_repaired_total", { kind });
      log.trouble(`${what} was changed by somebody else: repaired`);
    },
  };
}
