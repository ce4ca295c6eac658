/**
 * The tree of authorization keys: each is HMAC-SHA-256 of a label and what it is for under the key above it, so that a
 * key gives away only what is below it. Integers are big-endian, labels ASCII, node ids 8 bytes. Pinned by
 * `test/vectors/stamp.json`.
 *
 *     epochKey(e)          = HMAC(master,           "sallyport/1/epoch"    || u32 overlay || u32 e || u8 keyGeneration)
 *     gatewayKey(e, g)     = HMAC(epochKey(e),      "sallyport/1/gateway"  || g)
 *     transitKey(e, g, h)  = HMAC(epochKey(e),      "sallyport/1/transit"  || g || h)
 *     endpointKey(e, g, n) = HMAC(gatewayKey(e, g), "sallyport/1/endpoint" || n)
 *     deliveryKey(e, g, n) = HMAC(gatewayKey(e, g), "sallyport/1/delivery" || n)
 */
import { HmacSha256 } from "../../assembly/crypto/hmac.ts";
import { Sha256 } from "../../assembly/crypto/sha256.ts";
import { KeyDerivation } from "../../assembly/decide/keys.ts";
import { Secret } from "./secret.ts";

const encoder = new TextEncoder();
const hmac = new HmacSha256();
const sha = new Sha256();
const derivation = new KeyDerivation();

/** The key of everything in one epoch; it never leaves the controller. */
export function epochKey(master: Secret, overlay: number, epoch: number, keyGeneration: number): Secret {
  const context = new DataView(new ArrayBuffer(9));
  context.setUint32(0, overlay);
  context.setUint32(4, epoch);
  context.setUint8(8, keyGeneration);
  return derive(master, "sallyport/1/epoch", new Uint8Array(context.buffer));
}

/** Held by the gateway. */
export function gatewayKey(epochKey: Secret, gateway: Uint8Array): Secret {
  return derive(epochKey, "sallyport/1/gateway", gateway);
}

/** Held by both gateways, for stamps of `from` that `to` verifies. */
export function transitKey(epochKey: Secret, from: Uint8Array, to: Uint8Array): Secret {
  return derive(epochKey, "sallyport/1/transit", from, to);
}

/** Held by the endpoint, for its stamps that the gateway of `gatewayKey` verifies. */
export function endpointKey(gatewayKey: Secret, endpoint: Uint8Array): Secret {
  const out = new Uint8Array(32);
  derivation.hmac.setKey(gatewayKey.reveal(), 0, 32);
  derivation.endpointKey(endpoint, 0, out, 0);
  return new Secret(out);
}

/** Held by the endpoint, for stamps of the gateway of `gatewayKey` that it verifies. */
export function deliveryKey(gatewayKey: Secret, endpoint: Uint8Array): Secret {
  const out = new Uint8Array(32);
  derivation.hmac.setKey(gatewayKey.reveal(), 0, 32);
  derivation.deliveryKey(endpoint, 0, out, 0);
  return new Secret(out);
}

/** Id of a node by its full name, `gateway/name` or `cluster/namespace/name/uid`: 8 bytes of SHA-256. */
export function nodeId(name: string): Uint8Array {
  return sha256(encoder.encode(name)).slice(0, 8);
}

/** SHA-256 in one call, in about 1 us per 64 bytes: for names, not for whole images. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  sha.reset();
  sha.update(bytes, 0, bytes.length);
  sha.digest(out, 0);
  return out;
}

function derive(key: Secret, label: string, ...context: Uint8Array[]): Secret {
  const out = new Uint8Array(32);
  hmac.setKey(key.reveal(), 0, key.reveal().length);
  hmac.begin();
  for (const part of [encoder.encode(label), ...context]) hmac.update(part, 0, part.length);
  hmac.finish(out, 0);
  return new Secret(out);
}
