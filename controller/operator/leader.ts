/** What only the replica that leads does for nodes: it issues their images, in its term, and serves them. */
import type { CompiledPolicy } from "../compile/compiled.ts";
import { untilNextEpochMs } from "../image/epoch.ts";
import { ImageIssuer, type IssuedImage } from "../image/issuer.ts";
import { hexId } from "../model/hex.ts";
import type { Issued } from "../serve/authority.ts";
import { ImageServer, type ImageServerStatus } from "../serve/image-server.ts";
import { refusalText } from "../serve/refusal.ts";
import { servedImages } from "../serve/served-image.ts";
import { sha256 } from "../serve/sha256.ts";
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
  /** The newest image of any of them: `term.sequence`; undefined: none was issued. */
  readonly generation: string | undefined;
}

const clock = { now: () => Date.now() };

export class Leader {
  readonly #issuer: ImageIssuer;
  readonly #server: ImageServer;
  #policies: readonly CompiledPolicy[] = [];
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
  publish(policies: readonly CompiledPolicy[]): void {
    if (this.#isClosed) return;
    this.#policies = policies;
    const { masters } = this.options;
    const keyed = policies.flatMap((policy) => {
      const master = masters.key(policy.overlay.name);
      return master === undefined ? [] : [{ policy, master }];
    });
    this.#images = this.#issuer.issue(keyed, Math.floor(clock.now() / 1000));
    this.#server.publish(servedImages(this.#images));
    this.#scheduleRotation();
  }

  progress({ endpoints, gateways }: CompiledPolicy): Progress {
    const replicas = gateways.flatMap(({ id, gateway }) => gateway.addresses.map((address) => ({ id, address })));
    const isCurrent = (id: Uint8Array, addresses?: readonly string[]) => {
      const { workers, current } = this.#server.programmed(hexId(id), addresses);
      return workers > 0 && workers === current;
    };
    const generations = [...gateways, ...endpoints].map(({ id }) => this.#images.get(hexId(id))?.generation ?? 0n);
    const newest = largest(generations);
    return {
      nodes: endpoints.length + replicas.length,
      current:
        endpoints.filter(({ id }) => isCurrent(id)).length +
        replicas.filter(({ id, address }) => isCurrent(id, [hostOf(address)])).length,
      generation: newest === 0n ? undefined : `${newest >> 32n}.${newest & 0xffffffffn}`,
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

  /** At the next epoch of any overlay, nodes get keys for one epoch more. */
  #scheduleRotation(): void {
    clearTimeout(this.#rotation);
    const waitMs = untilNextEpochMs(this.#policies, clock.now());
    if (waitMs !== undefined) this.#rotation = setTimeout(() => this.publish(this.#policies), waitMs);
  }
}

function largest(numbers: readonly bigint[]): bigint {
  let largest = 0n;
  for (const number of numbers) if (number > largest) largest = number;
  return largest;
}

/** Of `ip:port` or `[ip]:port`. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}
