/**
 * Keys that a gateway derives itself, so that its image need not list one per endpoint:
 *
 *     endpointKey(e, g, n) = HMAC-SHA-256(gatewayKey(e, g), "sallyport/1/endpoint" || 8 bytes node n)
 *     deliveryKey(e, g, n) = HMAC-SHA-256(gatewayKey(e, g), "sallyport/1/delivery" || 8 bytes node n)
 *
 * Pinned by `test/vectors/stamp.json`.
 */
import { HmacSha256 } from "../crypto/hmac.ts";
import { copyBytes, writeU32 } from "../wire/bytes.ts";

export const KEY_LENGTH: i32 = 32;
const LABEL_LENGTH: i32 = 20;
const MESSAGE_LENGTH: i32 = 28;

/** Derives from the gateway key that `hmac` holds. Reusable: all it needs is allocated with it. */
export class KeyDerivation {
  readonly hmac: HmacSha256 = new HmacSha256();
  private readonly message: Uint8Array = new Uint8Array(28);

  constructor() {
    writeU32(this.message, 0, 0x73616c6c); // "sall"
    writeU32(this.message, 4, 0x79706f72); // "ypor"
    writeU32(this.message, 8, 0x742f312f); // "t/1/"
  }

  /** Writes the 32-byte key under which endpoint `node` (8 bytes) stamps for this gateway. */
  endpointKey(node: Uint8Array, nodeAt: i32, out: Uint8Array, outAt: i32): void {
    writeU32(this.message, 12, 0x656e6470); // "endp"
    writeU32(this.message, 16, 0x6f696e74); // "oint"
    this.derive(node, nodeAt, out, outAt);
  }

  /** Writes the 32-byte key under which this gateway stamps for endpoint `node` (8 bytes). */
  deliveryKey(node: Uint8Array, nodeAt: i32, out: Uint8Array, outAt: i32): void {
    writeU32(this.message, 12, 0x64656c69); // "deli"
    writeU32(this.message, 16, 0x76657279); // "very"
    this.derive(node, nodeAt, out, outAt);
  }

  private derive(node: Uint8Array, nodeAt: i32, out: Uint8Array, outAt: i32): void {
    copyBytes(node, nodeAt, this.message, LABEL_LENGTH, 8);
    this.hmac.begin();
    this.hmac.update(this.message, 0, MESSAGE_LENGTH);
    this.hmac.finish(out, outAt);
  }
}
