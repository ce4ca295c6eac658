/**
 * Base64url without padding (RFC 4648 section 5), strict, in place, for whole groups only: 3 bytes <-> 4 characters.
 * Every text has exactly one meaning and every meaning one text, because no bits are left over.
 */

/** Characters for `length` bytes, a multiple of 3. */
export function encodedLength(length: i32): i32 {
  return (((length / 3) | 0) * 4) | 0;
}

/** Writes `length` bytes, a multiple of 3, as ASCII characters. */
export function encodeBase64Url(from: Uint8Array, fromAt: i32, length: i32, out: Uint8Array, outAt: i32): void {
  let to = outAt;
  for (let i = fromAt; i < fromAt + length; i += 3) {
    const group = ((from[i] as i32) << 16) | ((from[i + 1] as i32) << 8) | (from[i + 2] as i32);
    out[to] = character(group >>> 18) as u8;
    out[to + 1] = character((group >>> 12) & 63) as u8;
    out[to + 2] = character((group >>> 6) & 63) as u8;
    out[to + 3] = character(group & 63) as u8;
    to += 4;
  }
}

/** Reads `length` characters, a multiple of 4; false, with `out` in part written, at any other than A-Z a-z 0-9 - _. */
export function decodeBase64Url(from: Uint8Array, fromAt: i32, length: i32, out: Uint8Array, outAt: i32): bool {
  if ((length & 3) !== 0) return false;
  let to = outAt;
  for (let i = fromAt; i < fromAt + length; i += 4) {
    const high = (sextet(from[i] as i32) << 6) | sextet(from[i + 1] as i32);
    const low = (sextet(from[i + 2] as i32) << 6) | sextet(from[i + 3] as i32);
    // A refused character is -1, and so is any group that it is part of.
    if ((high | low) < 0) return false;
    const group = (high << 12) | low;
    out[to] = ((group >>> 16) & 0xff) as u8;
    out[to + 1] = ((group >>> 8) & 0xff) as u8;
    out[to + 2] = (group & 0xff) as u8;
    to += 3;
  }
  return true;
}

function character(sextet: i32): i32 {
  if (sextet < 26) return sextet + 65;
  if (sextet < 52) return sextet + 71;
  if (sextet < 62) return sextet - 4;
  return sextet === 62 ? 45 : 95;
}

function sextet(character: i32): i32 {
  if (character >= 97) return character <= 122 ? character - 71 : -1;
  if (character >= 65) return character <= 90 ? character - 65 : character === 95 ? 63 : -1;
  if (character >= 48) return character <= 57 ? character + 4 : -1;
  return character === 45 ? 62 : -1;
}
