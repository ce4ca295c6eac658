/** Plain functions over destinations, so that tests call both languages alike. They allocate their results. */
import { formatAddress, isForbidden } from "../wire/address.ts";
import { copyBytes, writeU16 } from "../wire/bytes.ts";
import { Destination } from "../wire/destination.ts";

const destination = new Destination();

/** 16 bytes address, u16 port, u8 host length, big-endian; empty if the text is refused. */
export function decodeDestination(text: Uint8Array, at: i32, length: i32): Uint8Array {
  if (!destination.decode(text, at, length)) return new Uint8Array(0);
  const out = new Uint8Array(19);
  copyBytes(destination.address, 0, out, 0, 16);
  writeU16(out, 16, destination.port);
  out[18] = destination.hostLength as u8;
  return out;
}

export function addressText(address: Uint8Array): Uint8Array {
  const out = new Uint8Array(39);
  return out.slice(0, formatAddress(address, 0, out, 0));
}

export function isForbiddenAddress(address: Uint8Array): bool {
  return isForbidden(address, 0);
}
