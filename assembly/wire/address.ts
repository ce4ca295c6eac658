/**
 * IP addresses as 16 bytes in network order, IPv4 as ::ffff:a.b.c.d, and their one canonical text: dotted quad, or
 * RFC 5952 (lower case, no leading zeros, the first longest run of two or more zero groups as "::").
 */
import { fillBytes, isZero, readU16, writeU16 } from "./bytes.ts";

const ADDRESS_LENGTH: i32 = 16;
const DOT: i32 = 46;
const COLON: i32 = 58;

export function isIPv4(address: Uint8Array, at: i32): bool {
  return isZero(address, at, 10) && readU16(address, at + 10) === 0xffff;
}

/**
 * Whether no flow may go to this address: loopback, unspecified or multicast. 0.0.0.0/8, 127.0.0.0/8, 224.0.0.0 and
 * up, ::, ::1, ff00::/8.
 */
export function isForbidden(address: Uint8Array, at: i32): bool {
  const first = (isIPv4(address, at) ? address[at + 12] : address[at]) as i32;
  if (isIPv4(address, at)) return first === 0 || first === 127 || first >= 224;
  return first === 0xff || (isZero(address, at, 15) && (address[at + 15] as i32) <= 1);
}

/** Reads a dotted quad that fills `at` to `end`; takes leading zeros, which the caller must refuse. */
export function parseIPv4(text: Uint8Array, at: i32, end: i32, address: Uint8Array): bool {
  fillBytes(address, 0, 10, 0);
  writeU16(address, 10, 0xffff);
  let octet = 0;
  let count = 0;
  for (let i = at; i < end; i++) {
    const digit = (text[i] as i32) - 48;
    if (digit >= 0 && digit <= 9) {
      octet = octet * 10 + digit;
      if (octet > 255) return false;
      address[12 + count] = octet as u8;
    } else {
      if ((text[i] as i32) !== DOT || count === 3) return false;
      octet = 0;
      count++;
      address[12 + count] = 0;
    }
  }
  return count === 3;
}

/** Reads eight hexadecimal groups, or fewer and one "::"; takes more than is canonical, which the caller must refuse. */
export function parseIPv6(text: Uint8Array, at: i32, end: i32, address: Uint8Array): bool {
  let count = 0;
  let gap = -1;
  let i = at;
  fillBytes(address, 0, ADDRESS_LENGTH, 0);
  while (i < end) {
    if ((text[i] as i32) === COLON) {
      i++;
      if (i < end && (text[i] as i32) === COLON) {
        if (gap >= 0) return false;
        gap = count;
        i++;
      }
    } else {
      if (count === 8) return false;
      let group = 0;
      for (; i < end && (text[i] as i32) !== COLON; i++) {
        const digit = hexDigit(text[i] as i32);
        if (digit < 0) return false;
        group = ((group << 4) | digit) & 0xffff;
      }
      writeU16(address, 2 * count, group);
      count++;
    }
  }
  if (gap < 0) return count === 8;
  openGap(address, gap, count);
  return count < 8;
}

/** Moves the groups behind the "::" to the end of the address. */
function openGap(address: Uint8Array, gap: i32, count: i32): void {
  for (let k = 1; k <= count - gap; k++) {
    const group = readU16(address, 2 * (count - k));
    writeU16(address, 2 * (count - k), 0);
    writeU16(address, 2 * (8 - k), group);
  }
}

function hexDigit(character: i32): i32 {
  if (character >= 48 && character <= 57) return character - 48;
  return character >= 97 && character <= 102 ? character - 87 : -1;
}

/** Writes the canonical text, at most 39 bytes, no brackets; returns its length. */
export function formatAddress(address: Uint8Array, at: i32, out: Uint8Array, outAt: i32): i32 {
  return isIPv4(address, at) ? formatIPv4(address, at, out, outAt) : formatIPv6(address, at, out, outAt);
}

function formatIPv4(address: Uint8Array, at: i32, out: Uint8Array, outAt: i32): i32 {
  let to = outAt;
  for (let i = 12; i < 16; i++) {
    if (i > 12) out[to++] = DOT as u8;
    to += formatDecimal(address[at + i] as i32, out, to);
  }
  return to - outAt;
}

function formatIPv6(address: Uint8Array, at: i32, out: Uint8Array, outAt: i32): i32 {
  const gap = longestZeros(address, at);
  const gapEnd = gap + zerosFrom(address, at, gap);
  let to = outAt;
  for (let group = 0; group < 8; group++) {
    if (group === gap) {
      out[to++] = COLON as u8;
      out[to++] = COLON as u8;
      group = gapEnd - 1;
    } else {
      if (group > 0 && group !== gapEnd) out[to++] = COLON as u8;
      to += formatHex(readU16(address, at + 2 * group), out, to);
    }
  }
  return to - outAt;
}

/** The first group of the first longest run of zero groups; 8 if no run has two. */
function longestZeros(address: Uint8Array, at: i32): i32 {
  let best = 8;
  let length = 1;
  for (let group = 0; group < 8; group++) {
    const zeros = zerosFrom(address, at, group);
    if (zeros > length) {
      best = group;
      length = zeros;
    }
  }
  return best;
}

function zerosFrom(address: Uint8Array, at: i32, group: i32): i32 {
  let end = group;
  while (end < 8 && readU16(address, at + 2 * end) === 0) end++;
  return end - group;
}

function formatHex(value: i32, out: Uint8Array, at: i32): i32 {
  const length = value > 0xfff ? 4 : value > 0xff ? 3 : value > 0xf ? 2 : 1;
  for (let i = 0; i < length; i++) {
    const digit = (value >>> (4 * (length - 1 - i))) & 15;
    out[at + i] = (digit < 10 ? digit + 48 : digit + 87) as u8;
  }
  return length;
}

/** Writes 0 to 99999 in decimal; returns the number of digits. */
export function formatDecimal(value: i32, out: Uint8Array, at: i32): i32 {
  const length = value > 9999 ? 5 : value > 999 ? 4 : value > 99 ? 3 : value > 9 ? 2 : 1;
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    out[at + i] = (48 + (rest % 10)) as u8;
    rest = (rest / 10) | 0;
  }
  return length;
}
