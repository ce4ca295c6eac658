import { KeyPurpose } from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import { deliveryKey, endpointKey, epochKey, gatewayKey, transitKey } from "../keys/derive.ts";
import type { Secret } from "../keys/secret.ts";
import { hexId } from "../model/hex.ts";
import type { KeyRecord } from "./encode.ts";

type Node = CompiledGateway | CompiledEndpoint;

/**
 * Gives each node of an overlay the keys it may hold, from the epoch before the current one to the horizon. What it has
 * derived for the current epoch it keeps, so use it again while it `fits`: most edits change no key.
 */
export class KeyRing {
  private readonly signature: string;
  private readonly neighbours = new Map<string, Neighbours>();
  private readonly firsts: readonly Uint8Array[];
  private readonly lasts: readonly Uint8Array[];
  private epoch = -1;
  private readonly known = new Map<string, readonly KeyRecord[]>();
  private readonly epochKeys = new Map<number, Secret>();
  private readonly gatewayKeys = new Map<string, Secret>();

  constructor(
    private readonly policy: CompiledPolicy,
    private readonly master: Secret,
  ) {
    this.signature = signatureOf(policy);
    const paths = policy.paths.map(({ gateways }) => gateways.map((g) => (policy.gateways[g] as CompiledGateway).id));
    this.firsts = distinct(paths.flatMap((path) => path.slice(0, 1)));
    this.lasts = distinct(paths.flatMap((path) => path.slice(-1)));
    for (const { id } of policy.gateways) this.neighbours.set(hexId(id), neighboursOf(hexId(id), paths));
  }

  /** Would a ring for this policy and master key give the same keys? */
  fits(policy: CompiledPolicy, master: Secret): boolean {
    return this.signature === signatureOf(policy) && String(this.master.reveal()) === String(master.reveal());
  }

  /** Keys for a node while `epoch` is the current one; the same list for the same question. */
  keysOf(node: Node, epoch: number): readonly KeyRecord[] {
    if (epoch !== this.epoch) this.turn(epoch);
    const place = `${"gateway" in node ? "gateway" : "endpoint"} ${hexId(node.id)}`;
    const keys = this.known.get(place) ?? this.epochs(epoch).flatMap((e) => this.keysIn(node, e));
    this.known.set(place, keys);
    return keys;
  }

  /** Unix seconds at which the last of these keys runs out. */
  notAfter(epoch: number): number {
    const { epochSeconds, horizon } = this.policy.overlay.keys;
    return (epoch + horizon + 1) * epochSeconds;
  }

  private epochs(epoch: number): number[] {
    const first = Math.max(0, epoch - 1);
    return Array.from({ length: epoch + this.policy.overlay.keys.horizon + 1 - first }, (_, i) => first + i);
  }

  /** Keys of epochs that are over aren't kept. */
  private turn(epoch: number): void {
    this.epoch = epoch;
    this.known.clear();
    this.epochKeys.clear();
    this.gatewayKeys.clear();
  }

  private keysIn(node: Node, epoch: number): KeyRecord[] {
    return "gateway" in node ? this.gateway(node.id, epoch) : this.endpoint(node.id, epoch);
  }

  private gateway(id: Uint8Array, epoch: number): KeyRecord[] {
    const root = this.epochKey(epoch);
    const { before, after } = this.neighbours.get(hexId(id)) as Neighbours;
    return [
      record(epoch, KeyPurpose.Gateway, id, this.gatewayKey(epoch, id)),
      ...before.map((peer) => record(epoch, KeyPurpose.TransitIn, peer, transitKey(root, peer, id))),
      ...after.map((peer) => record(epoch, KeyPurpose.TransitOut, peer, transitKey(root, id, peer))),
    ];
  }

  private endpoint(id: Uint8Array, epoch: number): KeyRecord[] {
    const upper = (peer: Uint8Array) => this.gatewayKey(epoch, peer);
    return [
      ...this.firsts.map((peer) => record(epoch, KeyPurpose.Endpoint, peer, endpointKey(upper(peer), id))),
      ...this.lasts.map((peer) => record(epoch, KeyPurpose.Delivery, peer, deliveryKey(upper(peer), id))),
    ];
  }

  private epochKey(epoch: number): Secret {
    const { id, keys } = this.policy.overlay;
    const known = this.epochKeys.get(epoch) ?? epochKey(this.master, id, epoch, keys.keyGeneration);
    this.epochKeys.set(epoch, known);
    return known;
  }

  private gatewayKey(epoch: number, gateway: Uint8Array): Secret {
    const place = `${epoch} ${hexId(gateway)}`;
    const known = this.gatewayKeys.get(place) ?? gatewayKey(this.epochKey(epoch), gateway);
    this.gatewayKeys.set(place, known);
    return known;
  }
}

/** The gateways right before and right after one, on any path. */
interface Neighbours {
  readonly before: readonly Uint8Array[];
  readonly after: readonly Uint8Array[];
}

function neighboursOf(gateway: string, paths: readonly (readonly Uint8Array[])[]): Neighbours {
  const at = (step: number) => {
    return paths.flatMap((path) => path.flatMap((id, i) => (hexId(id) === gateway ? (path[i + step] ?? []) : [])));
  };
  return { before: distinct(at(-1)), after: distinct(at(1)) };
}

function distinct(ids: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(ids.map((id) => [hexId(id), id])).values()];
}

function record(epoch: number, purpose: KeyPurpose, peer: Uint8Array, key: Secret): KeyRecord {
  return { epoch, purpose, peer, key: key.reveal() };
}

/** Everything in a policy that keys depend on. */
function signatureOf({ overlay, gateways, paths }: CompiledPolicy): string {
  const { epochSeconds, horizon, keyGeneration } = overlay.keys;
  const names = gateways.map(({ id }) => hexId(id));
  return JSON.stringify([overlay.id, epochSeconds, horizon, keyGeneration, names, paths.map((path) => path.gateways)]);
}
