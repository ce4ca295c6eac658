/** Random flows and requests as bytes, for `assembly/portable/measure.ts`. */

import { KeyPurpose } from "../../assembly/wire/image.ts";
import { Stamp, StampField, StampKind } from "../../assembly/wire/stamp.ts";
import { StampTag } from "../../assembly/wire/stamp-tag.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../../controller/compile/compiled.ts";
import type { KeyRecord } from "../../controller/image/encode.ts";
import { endpointKey } from "../../controller/keys/derive.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { parseAddress } from "../../controller/model/address.ts";
import type { OverlayEndpoint } from "../../controller/model/resources.ts";
import { randomNumbers } from "../statistics.ts";
import { CALL_PORT, type CallWorld } from "./call-world.ts";
import { FLOW_LENGTH, REQUEST_LENGTH } from "./module.ts";

const TCP = 6;

type Pair = readonly [source: OverlayEndpoint, destination: OverlayEndpoint];

/** Half of them calls that policy allows, half between any two endpoints; all to the same port. */
export function randomFlows(calls: CallWorld, count: number): Uint8Array {
  const bytes = new Uint8Array(count * FLOW_LENGTH);
  const view = new DataView(bytes.buffer);
  randomPairs(calls, count, 2).forEach(([source, destination], i) => {
    bytes.set(addressOf(source), i * FLOW_LENGTH);
    bytes.set(addressOf(destination), i * FLOW_LENGTH + 16);
    view.setUint32(i * FLOW_LENGTH + 32, (TCP << 16) | CALL_PORT, true);
  });
  return bytes;
}

export interface RequestGround {
  readonly policy: CompiledPolicy;
  readonly gateway: CompiledGateway;
  /** The gateway's keys; they need not come from a master key. */
  readonly keys: readonly KeyRecord[];
  /** Unix seconds. */
  readonly now: number;
}

/** Allowed calls as they arrive at the first gateway, each with a stamp of its source. */
export function randomRequests(calls: CallWorld, ground: RequestGround, count: number): Uint8Array {
  const compiled = new Map(ground.policy.endpoints.map((one) => [one.endpoint.name, one]));
  const stamper = new Stamper(ground);
  const bytes = new Uint8Array(count * REQUEST_LENGTH);
  randomPairs(calls, count, 1).forEach(([source, destination], i) => {
    const request = bytes.subarray(i * REQUEST_LENGTH, (i + 1) * REQUEST_LENGTH);
    const authority = Buffer.from(`${destination.addresses[0]}:${CALL_PORT}`);
    const identity = Buffer.from(source.identity);
    request.set(stamper.header(compiled.get(source.name) as CompiledEndpoint, addressOf(destination)));
    request.set(addressOf(source), 96);
    request.set([authority.length, identity.length], 112);
    request.set(authority, 114);
    request.set(identity, 176);
  });
  return bytes;
}

/** Keys of this hour and the ones around it for a gateway that stands alone on its path. */
export function gatewayKeys({ id }: CompiledGateway, epochs: readonly number[]): KeyRecord[] {
  return epochs.map((epoch) => ({ epoch, purpose: KeyPurpose.Gateway, peer: id, key: new Uint8Array(32).fill(epoch) }));
}

/** Every `one in` of them is an allowed call. */
function randomPairs({ world, calls }: CallWorld, count: number, oneIn: number): Pair[] {
  const random = randomNumbers(7);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length: count }, (_, i): Pair => {
    if (i % oneIn !== 0) return [pick(world.endpoints), pick(world.endpoints)];
    const { callers, callees } = pick(calls);
    return [pick(callers), pick(callees)];
  });
}

function addressOf({ addresses }: OverlayEndpoint): Uint8Array {
  return parseAddress(addresses[0] as string) as Uint8Array;
}

/** Makes the stamps that endpoints make. */
class Stamper {
  readonly #ground: RequestGround;
  readonly #epoch: number;
  readonly #key: Secret;
  readonly #stamp = new Stamp();
  readonly #tag = new StampTag();

  constructor(ground: RequestGround) {
    this.#ground = ground;
    this.#epoch = Math.floor(ground.now / ground.policy.overlay.keys.epochSeconds);
    this.#key = new Secret((ground.keys.find(({ epoch }) => epoch === this.#epoch) as KeyRecord).key);
  }

  header(source: CompiledEndpoint, destination: Uint8Array): Uint8Array {
    const { policy, gateway, now } = this.#ground;
    const stamp = this.#stamp;
    stamp.version = 1;
    stamp.kind = StampKind.Endpoint;
    stamp.overlay = policy.overlay.id;
    stamp.epoch = this.#epoch;
    stamp.issued = now;
    stamp.path = policy.paths[0]?.id as number;
    stamp.bytes.set(source.id, StampField.SourceNode);
    stamp.bytes.set(source.id, StampField.StampingNode);
    stamp.bytes.set(source.addresses[0]?.address as Uint8Array, StampField.SourceAddress);
    this.#tag.hmac.setKey(endpointKey(this.#key, source.id).reveal(), 0, 32);
    this.#tag.setDestination(destination, 0, TCP, CALL_PORT);
    this.#tag.setAudience(gateway.id, 0);
    this.#tag.sign(stamp);
    const header = new Uint8Array(96);
    stamp.encode(header, 0);
    return header;
  }
}
