/**
 * The tag of a stamp, the first 16 bytes of HMAC-SHA-256 over 100 bytes, big-endian:
 *
 *      0 17 bytes "sallyport/stamp/1"      17 56 bytes: the stamp before its tag
 *     73 16 bytes destination address      89 u8 IP protocol     90 u16 port     92 8 bytes audience
 *
 * The audience is the node that shall accept the stamp: a gateway group or the destination endpoint. Which key is used
 * depends on the kind (`decide/keys.ts`). Pinned by `test/vectors/stamp.json`.
 */
import { HmacSha256 } from "../crypto/hmac.ts";
import { copyBytes, equalConstantTime, writeU16, writeU32 } from "./bytes.ts";
import { STAMP_BODY_LENGTH, STAMP_TAG_LENGTH, Stamp, StampField } from "./stamp.ts";

const BODY_AT: i32 = 17;
const DESTINATION_AT: i32 = 73;
const PROTOCOL_AT: i32 = 89;
const PORT_AT: i32 = 90;
const AUDIENCE_AT: i32 = 92;
const MESSAGE_LENGTH: i32 = 100;

/**
 * Signs and checks stamps under the key that `hmac` holds, for the destination and the audience set last.
 * Reusable: all it needs is allocated with it.
 */
export class StampTag {
  readonly hmac: HmacSha256 = new HmacSha256();
  private readonly message: Uint8Array = new Uint8Array(100);
  private readonly code: Uint8Array = new Uint8Array(32);

  constructor() {
    writeU32(this.message, 0, 0x73616c6c); // "sall"
    writeU32(this.message, 4, 0x79706f72); // "ypor"
    writeU32(this.message, 8, 0x742f7374); // "t/st"
    writeU32(this.message, 12, 0x616d702f); // "amp/"
    this.message[16] = 0x31; // "1"
  }

  /** Where the flow goes; the address is 16 bytes, IPv4 as ::ffff:a.b.c.d. */
  setDestination(address: Uint8Array, at: i32, protocol: i32, port: i32): void {
    copyBytes(address, at, this.message, DESTINATION_AT, 16);
    this.message[PROTOCOL_AT] = protocol as u8;
    writeU16(this.message, PORT_AT, port);
  }

  /** Which node shall accept the stamp; 8 bytes. */
  setAudience(node: Uint8Array, at: i32): void {
    copyBytes(node, at, this.message, AUDIENCE_AT, 8);
  }

  /** Writes the tag into the stamp, whose other fields are complete. */
  sign(stamp: Stamp): void {
    this.compute(stamp);
    copyBytes(this.code, 0, stamp.bytes, StampField.Tag, STAMP_TAG_LENGTH);
  }

  /** Whether the stamp's tag is right; takes the same time wherever it is wrong. */
  matches(stamp: Stamp): bool {
    this.compute(stamp);
    return equalConstantTime(this.code, 0, stamp.bytes, StampField.Tag, STAMP_TAG_LENGTH);
  }

  private compute(stamp: Stamp): void {
    copyBytes(stamp.bytes, 0, this.message, BODY_AT, STAMP_BODY_LENGTH);
    this.hmac.begin();
    this.hmac.update(this.message, 0, MESSAGE_LENGTH);
    this.hmac.finish(this.code, 0);
  }
}
