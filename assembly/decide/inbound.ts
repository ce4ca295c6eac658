/** What a mesh's inbound listener may let in to the app of its pod. */
import { equalBytes, isZero, readU16 } from "../wire/bytes.ts";
import { Verdict } from "./verdict.ts";

/** 127.0.0.7, from which `verify` dials the app: no packet from outside can carry it, and no app uses it by accident. */
const TUNNEL_LOW: i32 = 7;

/**
 * A connection by its 16-byte addresses: out of the tunnel, or from the pod to itself (by its own Service, say). All
 * else came past the overlay.
 */
export function inboundVerdict(source: Uint8Array, destination: Uint8Array): Verdict {
  if (isTunnel(source)) return Verdict.Allow;
  if (isZero(source, 0, 16) || !equalBytes(source, 0, destination, 0, 16)) return Verdict.NotTunnelled;
  return Verdict.Allow;
}

function isTunnel(source: Uint8Array): bool {
  if (!isZero(source, 0, 10) || readU16(source, 10) !== 0xffff) return false;
  return readU16(source, 12) === 0x7f00 && readU16(source, 14) === TUNNEL_LOW;
}
