/** The standalone controller: one directory of YAML, its own CA, and every local node of the topology on this machine. */
import { join } from "node:path";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { type NodePlan, planNodes } from "../emit/topology.ts";
import { untilNextEpochMs } from "../image/epoch.ts";
import { ImageIssuer, type IssuedImage } from "../image/issuer.ts";
import { Secret } from "../keys/secret.ts";
import { CONTROL_PORT } from "../model/ports.ts";
import type { Rejection } from "../model/resources.ts";
import { adminSocketPath } from "../node/admin-socket.ts";
import { WorldReader } from "../read/files.ts";
import { Authority, type Issued } from "../serve/authority.ts";
import { ImageServer } from "../serve/image-server.ts";
import { masterKey } from "../serve/master-key.ts";
import { makePrivateFolder } from "../serve/private-file.ts";
import { refusalText } from "../serve/refusal.ts";
import { Renewal } from "../serve/renewal.ts";
import { servedImages } from "../serve/served-image.ts";
import { sha256 } from "../serve/sha256.ts";
import { Fleet, type FleetChange } from "./fleet.ts";
import { type Compilers, load } from "./load.ts";
import type { Machine, PlannedNode } from "./machine.ts";
import { nextTerm } from "./term.ts";

const CONTROLLER_IDENTITY = "spiffe://sallyport.local/controller";
const MAX_HEAP_BYTES = 1 << 30;

export interface StandaloneOptions {
  /** Directory of resources. */
  readonly folder: string;
  /** Absolute path; holds keys, so it is made 0700. */
  readonly stateFolder: string;
  /** Folder with endpoint.wasm and gateway.wasm. */
  readonly codeFolder: string;
  readonly machine: Machine;
  readonly events?: StandaloneEvents;
  /** Lifetime of the certificates that are issued; default: an hour. */
  readonly certificateLifetimeMs?: number;
}

export interface StandaloneEvents {
  /** Every worker of every local node runs its current image, so long after that was issued. */
  programmed?(generation: string, tookMs: number): void;
  /** Something went wrong that needs no stop. */
  trouble?(message: string): void;
  /** An epoch began and nodes got its keys. */
  rotated?(): void;
}

export type Reload =
  | ({
      readonly kind: "applied";
      /** Nodes with a new image. */
      readonly changed: number;
      /** Edits of fields that can't change while nodes run; all the rest is in force. */
      readonly held: readonly Rejection[];
    } & FleetChange)
  | { readonly kind: "kept"; readonly rejections: readonly Rejection[] };

const clock = { now: () => Date.now() };

export class Standalone {
  readonly #options: StandaloneOptions;
  readonly #server: ImageServer;
  readonly #renewal: Renewal;
  readonly #fleet: Fleet;
  readonly #issuer: ImageIssuer;
  readonly #reader = new WorldReader();
  readonly #compilers: Compilers = new Map();
  readonly #masters = new Map<string, Secret>();
  #policies: readonly CompiledPolicy[] = [];
  #images: ReadonlyMap<string, IssuedImage> = new Map();
  #rotation: NodeJS.Timeout | undefined;
  #issuedAt = 0;
  #planned: readonly PlannedNode[] = [];
  /** Those that don't run their current image yet, by node id. */
  #behind = new Map<string, NodePlan[]>();

  private constructor(options: StandaloneOptions, server: ImageServer, renewal: Renewal, issuer: ImageIssuer) {
    this.#options = options;
    this.#server = server;
    this.#renewal = renewal;
    this.#issuer = issuer;
    this.#fleet = new Fleet(options.machine, renewal, (name) => this.nodeFolder(name));
  }

  /** Opens the state folder and the image service; nothing runs until the first `reload`. */
  static async open(options: StandaloneOptions): Promise<Standalone> {
    const { stateFolder, machine, events, certificateLifetimeMs: lifetimeMs } = options;
    await makePrivateFolder(stateFolder);
    const lifetime = lifetimeMs === undefined ? {} : { lifetimeMs };
    const authority = await Authority.open({ folder: join(stateFolder, "ca"), clock, ...lifetime });
    const renewal = new Renewal(authority, clock, {
      failed: (name, error) => events?.trouble?.(`certificate of ${name} was not renewed: ${String(error)}`),
    });
    const certificate = await authority.issue(CONTROLLER_IDENTITY);
    let acknowledged = (_node: string) => {};
    const server = new ImageServer({
      certificate,
      clock,
      events: {
        acknowledged: (node) => acknowledged(node),
        // One that was behind and ended doesn't count any more.
        disconnected: (node) => acknowledged(node),
        refused: (...facts) => events?.trouble?.(refusalText(...facts)),
      },
    });
    await renewal.keep({
      name: "controller",
      identity: CONTROLLER_IDENTITY,
      accept: (issued: Issued) => server.renew(issued),
    });
    renewal.start();
    await server.listen(machine.controlAddress, CONTROL_PORT);
    const standalone = new Standalone(options, server, renewal, new ImageIssuer(await nextTerm(stateFolder), sha256));
    acknowledged = (node) => standalone.#noteProgress(node);
    return standalone;
  }

  nodeFolder(name: string): string {
    return join(this.#options.stateFolder, "nodes", name);
  }

  adminSocket(name: string): string {
    return adminSocketPath(this.#options.stateFolder, name);
  }

  get nodes(): readonly string[] {
    return this.#fleet.names;
  }

  /** Process id of a local node's Envoy, while one runs. */
  pid(name: string): number | undefined {
    return this.#fleet.pid(name);
  }

  get policies(): readonly CompiledPolicy[] {
    return this.#policies;
  }

  /** Nodes whose workers all run their current image, of all local nodes. */
  programmed(): { readonly current: number; readonly total: number; readonly waiting: readonly string[] } {
    const total = this.#planned.length;
    const waiting = this.#planned.filter(({ plan }) => !this.#isProgrammed(plan)).map(({ plan }) => plan.name);
    return { current: total - waiting.length, total, waiting };
  }

  /** Reads the directory again. If anything in it is wrong, what was in force stays in force, whole. */
  async reload(): Promise<Reload> {
    const inForce = this.#policies.map(({ overlay }) => overlay);
    const allowLoopback = this.#options.machine.flat;
    const loaded = await load(this.#reader, this.#compilers, this.#options.folder, { allowLoopback, inForce });
    if ("rejections" in loaded) return { kind: "kept", rejections: loaded.rejections };
    for (const { overlay } of loaded.policies) await this.#openMaster(overlay.name);
    this.#policies = loaded.policies;
    const changed = this.#publish();
    // Images go out before the work that only new nodes wait for.
    await new Promise((done) => setImmediate(done));
    this.#planned = loaded.policies.flatMap((policy) => this.#plan(policy).map((plan) => ({ plan, policy })));
    this.#followProgress();
    const change = await this.#fleet.adopt(this.#planned);
    this.#scheduleRotation();
    return { kind: "applied", changed, held: loaded.held, ...change };
  }

  async stop(): Promise<void> {
    clearTimeout(this.#rotation);
    this.#renewal.stop();
    await this.#fleet.stopAll();
    await this.#server.close();
  }

  #plan(policy: CompiledPolicy) {
    const { codeFolder, machine } = this.#options;
    return planNodes(policy, {
      nodeFolder: (name) => this.nodeFolder(name),
      adminSocket: (name) => this.adminSocket(name),
      code: (role) => join(codeFolder, `${role}.wasm`),
      controlAddress: machine.controlAddress,
      controlIdentity: CONTROLLER_IDENTITY,
      maxHeapBytes: MAX_HEAP_BYTES,
      resetLimits: machine.envoy.resetLimits,
      flat: machine.flat,
    });
  }

  async #openMaster(overlay: string): Promise<void> {
    if (this.#masters.has(overlay)) return;
    const file = join(this.#options.stateFolder, "overlays", overlay, "master.key");
    this.#masters.set(overlay, new Secret(await masterKey(file)));
  }

  /** Issues images for this moment and wakes the nodes whose image changed; their number. */
  #publish(): number {
    const before = this.#images;
    this.#issuedAt = performance.now();
    const worlds = this.#policies.map((policy) => ({
      policy,
      master: this.#masters.get(policy.overlay.name) as Secret,
    }));
    this.#images = this.#issuer.issue(worlds, Math.floor(clock.now() / 1000));
    this.#server.publish(servedImages(this.#images));
    return [...this.#images].filter(([id, { generation }]) => before.get(id)?.generation !== generation).length;
  }

  #isProgrammed({ nodeId, addresses, concurrency }: NodePlan): boolean {
    const { workers, current } = this.#server.programmed(nodeId, addresses);
    // Envoy's main thread runs the filters' root contexts too, and so it polls as its workers do.
    return workers > concurrency && current === workers;
  }

  #followProgress(): void {
    this.#behind.clear();
    for (const { plan } of this.#planned) {
      if (this.#isProgrammed(plan)) continue;
      this.#behind.set(plan.nodeId, [...(this.#behind.get(plan.nodeId) ?? []), plan]);
    }
  }

  /** An acknowledgement arrived. Looks at its node alone: with thousands of nodes there are thousands of them. */
  #noteProgress(node: string): void {
    const plans = this.#behind.get(node);
    if (plans === undefined || !plans.every((plan) => this.#isProgrammed(plan))) return;
    this.#behind.delete(node);
    if (this.#behind.size > 0) return;
    const newest = [...this.#images.values()].reduce(
      (max, { generation }) => (generation > max ? generation : max),
      0n,
    );
    const took = Math.round(performance.now() - this.#issuedAt);
    this.#options.events?.programmed?.(`${newest >> 32n}.${newest & 0xffffffffn}`, took);
  }

  /** At the next epoch of any overlay, nodes get keys for one epoch more. */
  #scheduleRotation(): void {
    clearTimeout(this.#rotation);
    const waitMs = untilNextEpochMs(this.#policies, clock.now());
    if (waitMs !== undefined) this.#rotation = setTimeout(() => this.#rotate(), waitMs);
  }

  #rotate(): void {
    this.#publish();
    this.#followProgress();
    this.#options.events?.rotated?.();
    this.#scheduleRotation();
  }
}
