/** What only the replica that leads does for nodes: it issues their images, in its term, and serves them. */
import type { CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import { untilNextEpochMs } from "../image/epoch.ts";
import { ImageIssuer, type IssuedImage } from "../image/issuer.ts";
import { hexId } from "../model/hex.ts";
import type { Issued } from "../serve/authority.ts";
import { ImageServer, type ImageServerStatus } from "../serve/image-server.ts";
import { refusalText } from "../serve/refusal.ts";
import { servedImages } from "../serve/served-image.ts";
import { sha256 } from "../serve/sha256.ts";
import type { Decisions } from "./decisions.ts";
import type { Log } from "./log.ts";
import type { Masters } from "./masters.ts";

export interface LeaderOptions {
  readonly term: number;
  readonly certificate: Issued;
  readonly host: string | undefined;
  /** Of the image server. */
  readonly port: number;
  readonly masters: Masters;
  readonly log: Log;
  /** Some node runs another image than before, or left. */
  readonly progressed: () => void;
}

/** How many of an overlay's nodes run their current image. */
export interface Progress {
  readonly nodes: number;
  readonly current: number;
  /** Generation of the newest image of any of them; 0: none was issued. */
  readonly newest: bigint;
}

/** What the images are about. */
type Published = Pick<Decisions, "policies" | "replicas">;

const clock = { now: () => Date.now() };

export class Leader {
  readonly #issuer: ImageIssuer;
  readonly #server: ImageServer;
  #decisions: Published = { policies: [], replicas: new Map() };
  #images: ReadonlyMap<string, IssuedImage> = new Map();
  #rotation: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(private readonly options: LeaderOptions) {
    const { term, certificate, log, progressed } = options;
    this.#issuer = new ImageIssuer(term, sha256);
    this.#server = new ImageServer({
      certificate,
      clock,
      events: {
        acknowledged: progressed,
        disconnected: progressed,
        refused: (...facts) => log.say(refusalText(...facts)),
      },
    });
  }

  get term(): number {
    return this.options.term;
  }

  /** Fails if the port is taken. */
  async open(): Promise<void> {
    await this.#server.listen(this.options.host, this.options.port);
  }

  renew(certificate: Issued): void {
    this.#server.renew(certificate);
  }

  /** Issues what these policies ask for, of overlays that have a master key, and wakes the nodes that it concerns. */
  publish(decisions: Published): void {
    if (this.#isClosed) return;
    this.#decisions = decisions;
    const { masters } = this.options;
    const keyed = decisions.policies.flatMap((policy) => {
      const master = masters.key(policy.overlay.name);
      return master === undefined ? [] : [{ policy, master }];
    });
    this.#images = this.#issuer.issue(keyed, Math.floor(clock.now() / 1000));
    this.#server.publish(servedImages(this.#images, ({ name }) => decisions.replicas.get(name) ?? [], true));
    this.#scheduleRotation();
  }

  /** Of all nodes of an overlay. */
  progress({ endpoints, gateways }: CompiledPolicy): Progress {
    const parts = gateways.map((gateway) => this.gatewayProgress(gateway));
    const generations = endpoints.map(({ id }) => this.#images.get(hexId(id))?.generation ?? 0n);
    const current = endpoints.filter(({ id }) => this.#isCurrent(id)).length;
    return {
      nodes: sum(parts.map(({ nodes }) => nodes)) + endpoints.length,
      current: sum(parts.map(({ current }) => current)) + current,
      newest: largest([...generations, ...parts.map(({ newest }) => newest)]),
    };
  }

  /** Of a gateway's replicas. */
  gatewayProgress({ id, gateway }: CompiledGateway): Progress {
    const replicas = this.#decisions.replicas.get(gateway.name) ?? [];
    return {
      nodes: replicas.length,
      current: replicas.filter((address) => this.#isCurrent(id, [address])).length,
      newest: this.#images.get(hexId(id))?.generation ?? 0n,
    };
  }

  get status(): ImageServerStatus {
    return this.#server.status();
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#rotation);
    return this.#server.close();
  }

  /** All workers that it has. */
  #isCurrent(id: Uint8Array, addresses?: readonly string[]): boolean {
    const { workers, current } = this.#server.programmed(hexId(id), addresses);
    return workers > 0 && workers === current;
  }

  /** At the next epoch of any overlay, nodes get keys for one epoch more. */
  #scheduleRotation(): void {
    clearTimeout(this.#rotation);
    const waitMs = untilNextEpochMs(this.#decisions.policies, clock.now());
    if (waitMs !== undefined) this.#rotation = setTimeout(() => this.publish(this.#decisions), waitMs);
  }
}

function largest(numbers: readonly bigint[]): bigint {
  let largest = 0n;
  for (const number of numbers) if (number > largest) largest = number;
  return largest;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
