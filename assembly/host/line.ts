import { formatAddress, isIPv4 } from "../wire/address.ts";
import { LogLevel, log } from "./proxy.ts";

/** One log line, built in place: no allocation, cut off where it is full. */
export class Line {
  readonly bytes: Uint8Array = new Uint8Array(640);
  length: i32 = 0;

  clear(): Line {
    this.length = 0;
    return this;
  }

  text(text: string): Line {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i) as u8);
    return this;
  }

  byte(value: u8): Line {
    if (this.length < this.bytes.length) this.bytes[this.length++] = value;
    return this;
  }

  /** Bytes that a peer may have sent: anything but printable ASCII becomes '?', so that a line stays a line. */
  untrusted(from: Uint8Array, length: i32): Line {
    for (let i = 0; i < length; i++) this.byte(from[i] > 0x20 && from[i] < 0x7f ? from[i] : 0x3f);
    return this;
  }

  /** Our own text, such as a rule's name: spaces stay. */
  printable(from: Uint8Array, length: i32): Line {
    for (let i = 0; i < length; i++) this.byte(from[i] >= 0x20 && from[i] < 0x7f ? from[i] : 0x3f);
    return this;
  }

  number(value: u64): Line {
    if (value > 9) this.number(value / 10);
    return this.byte((0x30 + (value % 10)) as u8);
  }

  /** A 16-byte address as canonical text. */
  address(from: Uint8Array, at: i32): Line {
    if (this.length + 46 <= this.bytes.length) this.length += formatAddress(from, at, this.bytes, this.length);
    return this;
  }

  /** A 16-byte address and a port as CONNECT spells them. */
  destination(from: Uint8Array, at: i32, port: i32): Line {
    const bare = isIPv4(from, at);
    if (!bare) this.text("[");
    this.address(from, at).text(bare ? ":" : "]:");
    return this.number(port as u64);
  }

  send(level: LogLevel): void {
    log(level, this.bytes, this.length);
  }
}
