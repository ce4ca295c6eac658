/**
 * IP addresses and blocks between text and 16 bytes in network order. IPv4 is ::ffff:a.b.c.d, so text that spells
 * such an address as IPv6 is refused: one address has one meaning here.
 */
export type Family = 4 | 6;

export interface Block {
  readonly family: Family;
  /** First address: 16 bytes, host bits cleared. */
  readonly first: Uint8Array;
  /** Fixed bits of the 16 bytes; an IPv4 /24 is 120. */
  readonly bits: number;
}

const MAPPED_BITS = 96;

/** 16 bytes, or undefined when `text` isn't exactly one address (no leading zeros, zones, or IPv4 spelled as IPv6). */
export function parseAddress(text: string): Uint8Array | undefined {
  if (!text.includes(":")) return parseIpv4(text);
  const bytes = parseIpv6(text);
  return bytes === undefined || familyOf(bytes) === 4 ? undefined : bytes;
}

/** Canonical text: dotted decimal, or RFC 5952. */
export function formatAddress(bytes: Uint8Array): string {
  return familyOf(bytes) === 4 ? bytes.subarray(12, 16).join(".") : formatIpv6(bytes);
}

/** A block such as `10.0.0.0/8`; host bits are cleared, as the Kubernetes API does (Go `net.ParseCIDR`). */
export function parseBlock(text: string): Block | undefined {
  const match = /^([0-9a-fA-F:.]{1,45})\/(0|[1-9][0-9]{0,2})$/.exec(text);
  const address = match === null ? undefined : parseAddress(match[1] as string);
  if (match === null || address === undefined) return undefined;
  const family = familyOf(address);
  const bits = Number(match[2]) + (family === 4 ? MAPPED_BITS : 0);
  return bits > 128 ? undefined : { family, first: withoutHostBits(address, bits), bits };
}

export function formatBlock(block: Block): string {
  return `${formatAddress(block.first)}/${block.family === 4 ? block.bits - MAPPED_BITS : block.bits}`;
}

/** Whether the address lies in the block; an IPv6 block never holds an IPv4 address, not even `::/0`. */
export function isInside(address: Uint8Array, block: Block): boolean {
  if (familyOf(address) !== block.family) return false;
  const masked = withoutHostBits(address, block.bits);
  return masked.every((byte, i) => byte === block.first[i]);
}

export function familyOf(bytes: Uint8Array): Family {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return 6;
  return bytes[10] === 0xff && bytes[11] === 0xff ? 4 : 6;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = new Uint8Array(16);
  bytes.fill(0xff, 10, 12);
  for (let i = 0; i < 4; i++) {
    const part = match[i + 1] as string;
    if (Number(part) > 255 || String(Number(part)) !== part) return undefined;
    bytes[12 + i] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = withHexTail(text)?.split("::");
  if (halves === undefined || halves.length > 2) return undefined;
  const head = groups(halves[0] as string);
  const tail = halves.length === 2 ? groups(halves[1] as string) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (const [i, group] of [...head, ...new Array<number>(missing).fill(0), ...tail].entries()) {
    view.setUint16(i * 2, group);
  }
  return bytes;
}

/** `64:ff9b::192.0.2.1` with its dotted tail as two groups (RFC 4291 section 2.2, form 3). */
function withHexTail(text: string): string | undefined {
  if (!text.includes(".")) return text;
  const cut = text.lastIndexOf(":") + 1;
  const tail = parseIpv4(text.slice(cut));
  if (tail === undefined) return undefined;
  const view = new DataView(tail.buffer);
  return `${text.slice(0, cut)}${view.getUint16(12).toString(16)}:${view.getUint16(14).toString(16)}`;
}

function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  return parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part)) ? parts.map((part) => parseInt(part, 16)) : undefined;
}

function formatIpv6(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const words = Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2));
  const run = longestZeroRun(words);
  const hex = words.map((word) => word.toString(16));
  if (run.length < 2) return hex.join(":");
  return `${hex.slice(0, run.start).join(":")}::${hex.slice(run.start + run.length).join(":")}`;
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [i, word] of words.entries()) {
    length = word === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: i - length + 1, length };
  }
  return best;
}

function withoutHostBits(address: Uint8Array, bits: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))));
}
