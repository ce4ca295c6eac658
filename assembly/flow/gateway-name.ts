/** The cluster that leads to a gateway: "gateway-" and the node id in hex, as the bootstrap names it. */
export class GatewayName {
  readonly bytes: Uint8Array = new Uint8Array(24);

  constructor() {
    const prefix = "gateway-";
    for (let i = 0; i < 8; i++) this.bytes[i] = prefix.charCodeAt(i) as u8;
  }

  /** Writes the name for an 8-byte node id; returns its length. */
  write(node: Uint8Array): i32 {
    for (let i = 0; i < 8; i++) {
      this.bytes[8 + i * 2] = hexDigit(node[i] >> 4);
      this.bytes[9 + i * 2] = hexDigit(node[i] & 15);
    }
    return 24;
  }
}

function hexDigit(value: u8): u8 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
