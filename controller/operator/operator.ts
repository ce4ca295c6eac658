/** One replica of the controller in Kubernetes: all keep the world and its decisions warm, and one of them leads. */
import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { controlIdentity, type Mesh } from "../emit/istio/mesh.ts";
import type { ApiClient } from "../kube/api-client.ts";
import { ClusterWorld } from "../kube/cluster-world.ts";
import { Election } from "../kube/election.ts";
import { leaseStore } from "../kube/lease.ts";
import { OwnObjects } from "../kube/own-objects.ts";
import { CertificateFolder } from "../serve/certificate-folder.ts";
import { FilterCode } from "../serve/filter-code.ts";
import { type Decisions, WorldCompiler } from "./decisions.ts";
import { HealthNarrator } from "./health-narrator.ts";
import { healthServer } from "./health-server.ts";
import type { Log } from "./log.ts";
import { Counters, metricsText } from "./metrics.ts";
import { replicaSamples } from "./samples.ts";
import type { Settings } from "./settings.ts";
import { Task } from "./task.ts";
import { Term } from "./term.ts";

/** Changes within this time are decided together. */
const QUIET_MS = 20;
const RESIGNED_MS = 5000;

export class Operator {
  readonly #mesh: Mesh;
  readonly #certificate: CertificateFolder;
  readonly #cluster: ClusterWorld;
  readonly #own: OwnObjects;
  readonly #compiler: WorldCompiler;
  readonly #deciding: Task;
  readonly #servers: Server[] = [];
  readonly #code: FilterCode;
  readonly #counters = new Counters();
  #decisions: Decisions | undefined;
  #election: Election | undefined;
  #term: Term | undefined;
  /** Of terms one after the other. */
  #turns: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    private readonly client: ApiClient,
    private readonly settings: Settings,
    private readonly log: Log,
  ) {
    this.#code = new FilterCode(settings.code);
    this.#mesh = { ...settings.mesh, codeDigest: this.#code.digest };
    this.#certificate = new CertificateFolder(settings.certificates, controlIdentity(this.#mesh), {
      renewed: (issued) => {
        log.say(`the certificate is valid until ${new Date(issued.notAfter).toISOString()}`);
        this.#term?.renew(issued);
        this.#stand();
      },
      troubled: (problem) => log.say(problem === "" ? "the certificate can be read" : problem),
      ended: () => {
        log.say("leads no more and doesn't stand for it, because its certificate has ended");
        void this.#resign();
      },
    });
    const health = new HealthNarrator(log);
    const changed = () => {
      health.note(this.#cluster.health);
      this.#deciding.note();
    };
    this.#cluster = new ClusterWorld(client, changed, {
      trustDomain: settings.mesh.trustDomain,
      onlyWithRules: true,
    });
    this.#own = new OwnObjects(client, () => this.#term?.noteObjects());
    this.#compiler = new WorldCompiler({
      allowLoopback: settings.allowLoopback,
      cluster: settings.mesh.cluster,
      failed: (overlay, error) => {
        this.#counters.add("sallyport_compile_failures_total", { overlay });
        log.trouble(`Overlay ${overlay} can't be decided: ${stackOf(error)}`);
      },
      compiled: (overlay, seconds) => {
        this.#counters.add("sallyport_compile_seconds_sum", { overlay }, seconds);
        this.#counters.add("sallyport_compile_seconds_count", { overlay });
      },
    });
    this.#deciding = new Task(() => this.#decide(), {
      quietMs: QUIET_MS,
      failed: (error) => log.trouble(`the world can't be decided: ${stackOf(error)}`),
    });
  }

  /** Fails if a port is taken; whatever else is missing is waited for. */
  async start(): Promise<void> {
    const { host, code, health } = this.settings.listen;
    await this.#listen(healthServer({ missing: () => this.#missing(), metrics: () => this.#metrics() }), host, health);
    await this.#listen(this.#code.server(), host, code);
    await this.#certificate.start();
    this.#cluster.start();
    this.#own.start();
  }

  /** Lets another replica lead, ends what nodes wait for and leaves. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#election?.stop();
    await this.#turns;
    await this.#deciding.stop();
    await Promise.all([this.#cluster.stop(), this.#own.stop(), this.#certificate.stop()]);
    for (const server of this.#servers) server.closeAllConnections();
    await Promise.all(this.#servers.map((server) => new Promise((done) => server.close(done))));
  }

  #decide(): void {
    const reading = this.#cluster.read();
    if (reading === undefined) return;
    this.#decisions = this.#compiler.decide(reading);
    this.#term?.take(this.#decisions);
    this.#stand();
  }

  /** Only who could lead at once stands for it. */
  #stand(): void {
    if (this.#isStopped || this.#election !== undefined) return;
    if (this.#decisions === undefined || this.#certificate.current === undefined) return;
    const { controlNamespace } = this.#mesh;
    const store = leaseStore(this.client, controlNamespace, "sallyport", () => new Date());
    const identity = `${this.settings.podName}_${randomBytes(4).toString("hex")}`;
    this.#election = new Election(store, identity, (term) => this.#turn(term));
    this.#election.start();
  }

  /** Another replica may do better; after a while this one stands again. */
  async #resign(): Promise<void> {
    const last = this.#election;
    await last?.stop();
    // Another may have resigned meanwhile and stand again by now.
    if (this.#election === last) this.#election = undefined;
    setTimeout(() => this.#stand(), RESIGNED_MS).unref();
  }

  /** The end of a term is not waited for: what it serves ends at once. */
  #turn(number: number | undefined): void {
    const last = this.#term;
    this.#term = undefined;
    const closed = last?.close();
    if (last !== undefined) this.log.say(`leads no more in term ${last.number}`);
    this.#turns = this.#turns.then(async () => {
      await closed;
      if (number !== undefined) await this.#begin(number);
    });
  }

  async #begin(number: number): Promise<void> {
    const certificate = this.#certificate.current;
    const isLeading = () => this.#election?.term === number;
    if (certificate === undefined || this.#decisions === undefined || !isLeading()) return;
    const { client, settings, log } = this;
    const term = new Term({
      number,
      isLeading,
      client,
      settings,
      mesh: this.#mesh,
      certificate,
      cluster: this.#cluster,
      own: this.#own,
      log,
      counters: this.#counters,
    });
    try {
      await term.open();
      if (!isLeading()) throw new Error("it has ended");
    } catch (error) {
      log.trouble(`a term can't begin: ${String(error)}`);
      await term.close();
      void this.#resign();
      return;
    }
    log.say(`leads in term ${number}`);
    this.#term = term;
    term.take(this.#decisions);
  }

  /** What keeps this replica from leading; also shown to people. */
  #missing(): string[] {
    const unlisted = this.#cluster.health.filter(({ state }) => state.kind === "starting" || state.kind === "failing");
    const world = unlisted.map(({ kind, state }) => `${kind}: ${"reason" in state ? state.reason : "not listed yet"}`);
    return [
      ...(this.#isStopped ? ["it is stopping"] : []),
      ...(this.#certificate.current === undefined ? [this.#certificate.problem] : []),
      ...(this.#decisions === undefined ? ["the world isn't known", ...world] : []),
    ];
  }

  #metrics(): string {
    const health = [...this.#cluster.health, ...this.#own.health.map((one) => ({ ...one, kind: `own ${one.kind}` }))];
    return metricsText([
      ...this.#counters.samples,
      ...replicaSamples(health, this.#decisions?.rejections ?? [], this.#certificate.notAfter),
      { name: "sallyport_leader", value: this.#term === undefined ? 0 : 1 },
      ...(this.#term?.samples ?? []),
    ]);
  }

  #listen(server: Server, host: string | undefined, port: number): Promise<void> {
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, () => resolve());
    });
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
