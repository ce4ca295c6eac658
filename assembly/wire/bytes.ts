/** Bytes in place: copies, comparisons and big-endian integers. Callers keep within the arrays. */

export function copyBytes(from: Uint8Array, fromAt: i32, to: Uint8Array, toAt: i32, length: i32): void {
  for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i] as u8;
}

export function fillBytes(bytes: Uint8Array, at: i32, length: i32, value: i32): void {
  for (let i = 0; i < length; i++) bytes[at + i] = value as u8;
}

/** Stops at the first difference: for what is no secret. */
export function equalBytes(a: Uint8Array, aAt: i32, b: Uint8Array, bAt: i32, length: i32): bool {
  for (let i = 0; i < length; i++) {
    if (a[aAt + i] !== b[bAt + i]) return false;
  }
  return true;
}

/** Takes the same time wherever the difference is: for tags and keys. */
export function equalConstantTime(a: Uint8Array, aAt: i32, b: Uint8Array, bAt: i32, length: i32): bool {
  let difference: i32 = 0;
  for (let i = 0; i < length; i++) difference |= (a[aAt + i] as i32) ^ (b[bAt + i] as i32);
  return difference === 0;
}

export function isZero(bytes: Uint8Array, at: i32, length: i32): bool {
  for (let i = 0; i < length; i++) {
    if (bytes[at + i] !== 0) return false;
  }
  return true;
}

export function readU16(bytes: Uint8Array, at: i32): i32 {
  return ((bytes[at] as i32) << 8) | (bytes[at + 1] as i32);
}

export function writeU16(bytes: Uint8Array, at: i32, value: i32): void {
  bytes[at] = ((value >>> 8) & 0xff) as u8;
  bytes[at + 1] = (value & 0xff) as u8;
}

export function readU32(bytes: Uint8Array, at: i32): u32 {
  return ((readU16(bytes, at) << 16) | readU16(bytes, at + 2)) >>> 0;
}

export function writeU32(bytes: Uint8Array, at: i32, value: u32): void {
  writeU16(bytes, at, (value >>> 16) as i32);
  writeU16(bytes, at + 2, (value & 0xffff) as i32);
}
