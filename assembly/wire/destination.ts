/**
 * Where a flow wants to go: the authority of CONNECT, or the app's destination. Only the canonical texts `a.b.c.d:port`
 * and `[ipv6]:port` are taken, so that every proxy on the way reads the same from them. Refused are names, zones,
 * IPv4 inside IPv6, leading zeros, upper case, port 0, and anything before or after. Pinned by
 * `test/vectors/destination.json`.
 */
import { formatAddress, formatDecimal, isForbidden, isIPv4, parseIPv4, parseIPv6 } from "./address.ts";
import { equalBytes, isZero, readU16 } from "./bytes.ts";

export { formatAddress, isForbidden };

/** "[" 39 bytes "]:" 5 digits. */
const DESTINATION_MAX_LENGTH: i32 = 47;
const COLON: i32 = 58;
const OPEN: i32 = 91;
const CLOSE: i32 = 93;

/** Reusable: all it needs is allocated with it. The fields mean something only after `decode` was true. */
export class Destination {
  /** Network order, IPv4 as ::ffff:a.b.c.d. */
  readonly address: Uint8Array = new Uint8Array(16);
  /** 1 to 65535; 0 after a refusal. */
  port: i32 = 0;
  /** Bytes before the colon of the port, brackets included. */
  hostLength: i32 = 0;
  private readonly canonical: Uint8Array = new Uint8Array(48);

  /** False if the text is refused. It is read leniently, written canonically and compared: no other text can pass. */
  decode(text: Uint8Array, at: i32, length: i32): bool {
    this.port = 0;
    this.hostLength = 0;
    if (length < 1 || length > DESTINATION_MAX_LENGTH || at < 0 || length > text.length - at) return false;
    const end = at + length;
    const colon = lastColon(text, at, end);
    const port = parsePort(text, colon + 1, end);
    if (colon <= at || port === 0 || !this.parseHost(text, at, colon)) return false;
    if (this.format(port) !== length || !equalBytes(this.canonical, 0, text, at, length)) return false;
    this.port = port;
    this.hostLength = colon - at;
    return true;
  }

  private parseHost(text: Uint8Array, at: i32, end: i32): bool {
    if ((text[at] as i32) !== OPEN) return parseIPv4(text, at, end, this.address);
    return parseIPv6(text, at + 1, end - 1, this.address) && !isIPv4Compatible(this.address);
  }

  private format(port: i32): i32 {
    const out = this.canonical;
    const bare = isIPv4(this.address, 0);
    let to = 0;
    if (!bare) out[to++] = OPEN as u8;
    to += formatAddress(this.address, 0, out, to);
    if (!bare) out[to++] = CLOSE as u8;
    out[to++] = COLON as u8;
    return to + formatDecimal(port, out, to);
  }
}

/** ::a.b.c.d, deprecated (RFC 4291 section 2.5.5.1): inet_ntop writes it with dots, others without, so nobody may. */
function isIPv4Compatible(address: Uint8Array): bool {
  return isZero(address, 0, 12) && readU16(address, 12) !== 0;
}

/** The last colon; `at - 1` if there is none. */
function lastColon(text: Uint8Array, at: i32, end: i32): i32 {
  let colon = end - 1;
  while (colon >= at && (text[colon] as i32) !== COLON) colon--;
  return colon;
}

/** Zero if it is none. */
function parsePort(text: Uint8Array, at: i32, end: i32): i32 {
  let port = 0;
  if (end - at > 5) return 0;
  for (let i = at; i < end; i++) {
    const digit = (text[i] as i32) - 48;
    if (digit < 0 || digit > 9) return 0;
    port = port * 10 + digit;
  }
  return port <= 65535 ? port : 0;
}
