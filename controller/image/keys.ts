import { KeyPurpose } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import { deliveryKey, endpointKey, epochKey, gatewayKey, transitKey } from "../keys/derive.ts";
import type { Secret } from "../keys/secret.ts";
import type { KeyRecord } from "./encode.ts";

/** Gives each node of a policy the keys it may hold, from the epoch before the current one to the horizon. */
export class KeyRing {
  private readonly epochKeys = new Map<number, Secret>();
  private readonly gatewayKeys = new Map<number, Map<string, Secret>>();

  constructor(
    private readonly policy: CompiledPolicy,
    private readonly master: Secret,
  ) {}

  /** Keys for an endpoint or a gateway while `epoch` is the current one. */
  keysOf(node: CompiledGateway | CompiledEndpoint, epoch: number): KeyRecord[] {
    this.forget(epoch - 1);
    const keys: KeyRecord[] = [];
    for (let e = Math.max(0, epoch - 1); e <= epoch + this.policy.overlay.keys.horizon; e++) {
      keys.push(...("gateway" in node ? this.gateway(node, e) : this.endpoint(node, e)));
    }
    return keys;
  }

  /** Unix seconds at which the last of these keys runs out. */
  notAfter(epoch: number): number {
    const { epochSeconds, horizon } = this.policy.overlay.keys;
    return (epoch + horizon + 1) * epochSeconds;
  }

  /** Keys of epochs that are over aren't kept. */
  private forget(before: number): void {
    for (const epoch of this.gatewayKeys.keys()) {
      if (epoch >= before) continue;
      this.gatewayKeys.delete(epoch);
      this.epochKeys.delete(epoch);
    }
  }

  private gateway({ id }: CompiledGateway, epoch: number): KeyRecord[] {
    const master = this.epochKey(epoch);
    const before = this.neighbours((path, place) => (sameId(path[place], id) ? path[place - 1] : undefined));
    const after = this.neighbours((path, place) => (sameId(path[place], id) ? path[place + 1] : undefined));
    return [
      { epoch, purpose: KeyPurpose.Gateway, peer: id, key: this.gatewayKey(epoch, id).reveal() },
      ...before.map((peer) => ({
        epoch,
        purpose: KeyPurpose.TransitIn,
        peer,
        key: transitKey(master, peer, id).reveal(),
      })),
      ...after.map((peer) => ({
        epoch,
        purpose: KeyPurpose.TransitOut,
        peer,
        key: transitKey(master, id, peer).reveal(),
      })),
    ];
  }

  private endpoint({ id }: CompiledEndpoint, epoch: number): KeyRecord[] {
    const first = this.neighbours((path, place) => (place === 0 ? path[place] : undefined));
    const last = this.neighbours((path, place) => (place === path.length - 1 ? path[place] : undefined));
    return [
      ...first.map((peer) => ({
        epoch,
        purpose: KeyPurpose.Endpoint,
        peer,
        key: endpointKey(this.gatewayKey(epoch, peer), id).reveal(),
      })),
      ...last.map((peer) => ({
        epoch,
        purpose: KeyPurpose.Delivery,
        peer,
        key: deliveryKey(this.gatewayKey(epoch, peer), id).reveal(),
      })),
    ];
  }

  /** The distinct gateways that `pick` finds at places of paths. */
  private neighbours(pick: (path: readonly Uint8Array[], place: number) => Uint8Array | undefined): Uint8Array[] {
    const found = new Map<string, Uint8Array>();
    for (const { gateways } of this.policy.paths) {
      const path = gateways.map((index) => (this.policy.gateways[index] as CompiledGateway).id);
      for (let place = 0; place < path.length; place++) {
        const id = pick(path, place);
        if (id !== undefined) found.set(String(id), id);
      }
    }
    return [...found.values()];
  }

  private epochKey(epoch: number): Secret {
    const { id, keys } = this.policy.overlay;
    const known = this.epochKeys.get(epoch) ?? epochKey(this.master, id, epoch, keys.keyGeneration);
    this.epochKeys.set(epoch, known);
    return known;
  }

  private gatewayKey(epoch: number, gateway: Uint8Array): Secret {
    const ofEpoch = this.gatewayKeys.get(epoch) ?? new Map<string, Secret>();
    this.gatewayKeys.set(epoch, ofEpoch);
    const known = ofEpoch.get(String(gateway)) ?? gatewayKey(this.epochKey(epoch), gateway);
    ofEpoch.set(String(gateway), known);
    return known;
  }
}

function sameId(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return String(a) === String(b);
}
