import { Sha256 } from "../crypto/sha256.ts";
import { Expectation, Image } from "../decide/image.ts";
import { ImageFault } from "../decide/image-check.ts";
import { Line } from "../host/line.ts";
import { ascii, Buffer, bufferBytes, defineMetric, header, HeaderMap, httpCall, increment, LogLevel, Metric, record } from "../host/proxy.ts";
import { IMAGE_MAX_LENGTH } from "../wire/image.ts";
import { nodeBytes, PluginConfig } from "./config.ts";

/** The controller answers a poll within 30 s; one that takes longer has lost its way. */
const POLL_TIMEOUT_MS: u32 = 40000;
const FIRST_BACKOFF_MS: u32 = 100;
const LAST_BACKOFF_MS: u32 = 5000;
const STATUS: Uint8Array = ascii(":status");

/**
 * Keeps one node's image fresh by long poll for all plugins of this VM that share it. The last good image stays in
 * force whatever arrives; until the first one there is none and every flow is refused.
 */
export class Sync {
  readonly image: Image = new Image();
  /** Root context whose poll is under way, 0 if none is. */
  pollingRoot: u32 = 0;
  private token: u32 = 0;
  private backoffMs: u32 = 0;
  private nextPollMs: u64 = 0;
  private readonly want: Expectation = new Expectation();
  private readonly sha: Sha256 = new Sha256();
  private readonly request: Uint8Array = new Uint8Array(512);
  private readonly status: Uint8Array = new Uint8Array(8);
  private readonly line: Line = new Line();
  private readonly images: u32 = defineMetric(Metric.Counter, ascii("sallyport.image.accepted"));
  private readonly refusals: u32 = defineMetric(Metric.Counter, ascii("sallyport.image.refused"));
  private readonly failures: u32 = defineMetric(Metric.Counter, ascii("sallyport.image.poll_failed"));
  private readonly generation: u32 = defineMetric(Metric.Gauge, ascii("sallyport.image.generation"));

  constructor(
    readonly config: PluginConfig,
    role: u32,
    private readonly worker: string,
  ) {
    nodeBytes(config.nodeHex, this.want.node);
    this.want.overlay = config.overlay;
    this.want.role = role;
  }

  /** Starts a poll from this root context if none is under way and it is time. */
  poll(root: u32, nowMs: u64): void {
    if (this.pollingRoot != 0 || nowMs < this.nextPollMs) return;
    const length = this.writeRequest();
    const token = httpCall(this.config.cluster, this.request, length, POLL_TIMEOUT_MS);
    if (token < 0) return this.fail(nowMs);
    this.token = token as u32;
    this.pollingRoot = root;
  }

  /** The root context goes away: its poll is lost, another one polls. */
  forget(root: u32): void {
    if (this.pollingRoot == root) this.pollingRoot = 0;
  }

  /** Takes the answer to a poll; true if a new image is in force. */
  answered(token: u32, bodyLength: i32, nowMs: u64): bool {
    if (this.pollingRoot == 0 || token != this.token) return false;
    this.pollingRoot = 0;
    const length = header(HeaderMap.HttpCallResponse, STATUS, this.status);
    if (length == 3 && this.statusIs(0x32, 0x30, 0x34)) {
      this.succeed(nowMs);
      return false;
    }
    if (length != 3 || !this.statusIs(0x32, 0x30, 0x30)) {
      this.fail(nowMs);
      return false;
    }
    return this.receive(bodyLength, nowMs);
  }

  private receive(length: i32, nowMs: u64): bool {
    const fault = this.open(length, (nowMs / 1000) as u32);
    if (fault != ImageFault.None) {
      increment(this.refusals);
      this.line.clear().text("sallyport image refused: fault ").number(fault).text(", ").number(length).text(" bytes, the last good one stays");
      this.line.send(LogLevel.Warn);
      this.fail(nowMs);
      return false;
    }
    this.succeed(nowMs);
    increment(this.images);
    record(this.generation, ((this.image.term as u64) << 32) | (this.image.sequence as u64));
    return true;
  }

  private open(length: i32, now: u32): ImageFault {
    if (length <= 0) return ImageFault.TooShort;
    if (length > IMAGE_MAX_LENGTH) return ImageFault.TooLarge;
    const bytes = new Uint8Array(length);
    if (!bufferBytes(Buffer.HttpCallResponseBody, length, bytes)) return ImageFault.TooShort;
    return this.image.open(bytes, length, this.want, this.sha, now);
  }

  private succeed(nowMs: u64): void {
    this.backoffMs = 0;
    this.nextPollMs = nowMs;
  }

  /** Backs off exponentially with jitter from the clock's low bits: a poll that fails at once would spin a core. */
  private fail(nowMs: u64): void {
    increment(this.failures);
    this.backoffMs = this.backoffMs == 0 ? FIRST_BACKOFF_MS : this.backoffMs * 2;
    if (this.backoffMs > LAST_BACKOFF_MS) this.backoffMs = LAST_BACKOFF_MS;
    const jitter = ((nowMs ^ (this.token as u64) ^ (this.worker.charCodeAt(0) as u64)) * 2654435761) % ((this.backoffMs / 2 + 1) as u64);
    this.nextPollMs = nowMs + ((this.backoffMs / 2) as u64) + jitter;
  }

  private statusIs(a: u8, b: u8, c: u8): bool {
    return this.status[0] == a && this.status[1] == b && this.status[2] == c;
  }

  /**
   * The request's headers as the ABI wants them: u32 count, (u32 key length, u32 value length) pairs, then
   * key NUL value NUL ..., little-endian. Returns the number of bytes.
   */
  private writeRequest(): i32 {
    const path = new Line();
    path.text("/v1/nodes/").text(this.config.nodeHex).text("/image?have=");
    path.text((((this.image.term as u64) << 32) | (this.image.sequence as u64)).toString());
    path.text("&worker=").text(this.worker);
    const view = new DataView(this.request.buffer);
    view.setUint32(0, 3, true);
    let at = 28;
    at = this.writePair(view, 0, at, METHOD_KEY, METHOD, METHOD.length);
    at = this.writePair(view, 1, at, AUTHORITY_KEY, this.config.cluster, this.config.cluster.length);
    return this.writePair(view, 2, at, PATH_KEY, path.bytes, path.length);
  }

  private writePair(view: DataView, pair: i32, at: i32, key: Uint8Array, value: Uint8Array, length: i32): i32 {
    view.setUint32(4 + pair * 8, key.length, true);
    view.setUint32(8 + pair * 8, length, true);
    const start = this.request.dataStart;
    memory.copy(start + at, key.dataStart, key.length);
    this.request[at + key.length] = 0;
    memory.copy(start + at + key.length + 1, value.dataStart, length);
    this.request[at + key.length + 1 + length] = 0;
    return at + key.length + length + 2;
  }
}

const METHOD_KEY: Uint8Array = ascii(":method");
const METHOD: Uint8Array = ascii("GET");
const AUTHORITY_KEY: Uint8Array = ascii(":authority");
const PATH_KEY: Uint8Array = ascii(":path");
