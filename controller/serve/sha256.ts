import { createHash } from "node:crypto";

/** Node's own, which is faster than the portable one. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}
