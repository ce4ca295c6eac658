import { Line } from "../host/line.ts";
import { ascii } from "../host/proxy.ts";
import { PluginConfig } from "./config.ts";

const METHOD_KEY: Uint8Array = ascii(":method");
const METHOD: Uint8Array = ascii("GET");
const AUTHORITY_KEY: Uint8Array = ascii(":authority");
const PATH_KEY: Uint8Array = ascii(":path");
const PAIRS: i32 = 3;

/**
 * The headers of a poll, `GET /v1/nodes/{node}/image?have={generation}&worker={worker}`, as the ABI wants them: u32
 * count, (u32 key length, u32 value length) pairs, then key NUL value NUL ..., little-endian. Written in place: a poll
 * that fails at once costs no memory.
 */
export class ImageRequest {
  readonly bytes: Uint8Array = new Uint8Array(512);
  length: i32 = 0;
  private readonly view: DataView = new DataView(this.bytes.buffer);
  private readonly path: Line = new Line();

  constructor(
    private readonly config: PluginConfig,
    private readonly worker: string,
  ) {}

  /** Asks for an image newer than this generation. */
  write(have: u64): void {
    const path = this.path.clear().text("/v1/nodes/").text(this.config.nodeHex);
    path.text("/image?have=").number(have).text("&worker=").text(this.worker);
    this.view.setUint32(0, PAIRS, true);
    this.length = 4 + PAIRS * 8;
    this.pair(0, METHOD_KEY, METHOD, METHOD.length);
    this.pair(1, AUTHORITY_KEY, this.config.cluster, this.config.cluster.length);
    this.pair(2, PATH_KEY, path.bytes, path.length);
  }

  private pair(number: i32, key: Uint8Array, value: Uint8Array, valueLength: i32): void {
    this.view.setUint32(4 + number * 8, key.length, true);
    this.view.setUint32(8 + number * 8, valueLength, true);
    this.append(key, key.length);
    this.append(value, valueLength);
  }

  private append(text: Uint8Array, length: i32): void {
    for (let i = 0; i < length; i++) this.bytes[this.length++] = text[i];
    this.bytes[this.length++] = 0;
  }
}
