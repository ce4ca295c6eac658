import { KeyPurpose } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import { deliveryKey, endpointKey, epochKey, gatewayKey, transitKey } from "../keys/derive.ts";
import type { Secret } from "../keys/secret.ts";
import type { KeyRecord } from "./encode.ts";

/** Which keys each node of a policy holds, for the epoch before `now`'s to the horizon. DESIGN: nobody holds more. */
export class KeyHoldings {
  /** Unix seconds at which the last key stops being the current one. */
  readonly notAfter: number;
  /** Index of the epoch that `now` is in. */
  readonly epoch: number;
  private readonly epochs: readonly { readonly epoch: number; readonly root: Secret; readonly gateways: readonly Secret[] }[];

  constructor(
    private readonly policy: CompiledPolicy,
    master: Secret,
    now: number,
  ) {
    const { epochSeconds, horizon, keyGeneration } = policy.overlay.keys;
    this.epoch = Math.floor(now / epochSeconds);
    this.notAfter = (this.epoch + horizon + 1) * epochSeconds;
    this.epochs = Array.from({ length: horizon + 2 }, (_, i) => {
      const epoch = this.epoch - 1 + i;
      const root = epochKey(master, policy.overlay.id, epoch, keyGeneration);
      return { epoch, root, gateways: policy.gateways.map(({ id }) => gatewayKey(root, id)) };
    });
  }

  of(node: CompiledGateway | CompiledEndpoint): KeyRecord[] {
    return "gateway" in node ? this.ofGateway(node) : this.ofEndpoint(node);
  }

  private ofGateway(node: CompiledGateway): KeyRecord[] {
    const own = this.policy.gateways.indexOf(node);
    const before = this.neighbours(own, -1);
    const after = this.neighbours(own, 1);
    return this.epochs.flatMap(({ epoch, root, gateways }) => [
      record(epoch, KeyPurpose.Gateway, node.id, gateways[own]),
      ...before.map((id) => record(epoch, KeyPurpose.TransitIn, id, transitKey(root, id, node.id))),
      ...after.map((id) => record(epoch, KeyPurpose.TransitOut, id, transitKey(root, node.id, id))),
    ]);
  }

  private ofEndpoint(node: CompiledEndpoint): KeyRecord[] {
    const first = this.places((path) => path.at(0));
    const last = this.places((path) => path.at(-1));
    const idOf = (index: number) => this.policy.gateways[index]?.id as Uint8Array;
    return this.epochs.flatMap(({ epoch, gateways }) => [
      ...first.map((at) => record(epoch, KeyPurpose.Endpoint, idOf(at), endpointKey(gateways[at] as Secret, node.id))),
      ...last.map((at) => record(epoch, KeyPurpose.Delivery, idOf(at), deliveryKey(gateways[at] as Secret, node.id))),
    ]);
  }

  /** Ids of the gateways one place before (-1) or after (1) `own` on any path. */
  private neighbours(own: number, step: -1 | 1): Uint8Array[] {
    const found = this.policy.paths.flatMap(({ gateways }) =>
      gateways.flatMap((gateway, place) => (gateway === own ? (gateways[place + step] ?? []) : [])),
    );
    return [...new Set(found)].sort((a, b) => a - b).map((index) => this.policy.gateways[index]?.id as Uint8Array);
  }

  private places(place: (path: readonly number[]) => number | undefined): number[] {
    return [...new Set(this.policy.paths.flatMap(({ gateways }) => place(gateways) ?? []))].sort((a, b) => a - b);
  }
}

function record(epoch: number, purpose: KeyPurpose, peer: Uint8Array, key: Secret | undefined): KeyRecord {
  return { epoch, purpose, peer, key: (key as Secret).reveal() };
}
