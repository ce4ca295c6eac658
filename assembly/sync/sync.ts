import { Sha256 } from "../crypto/sha256.ts";
import { Expectation, Image } from "../decide/image.ts";
import { ImageFault } from "../decide/image-check.ts";
import { imageFaultName } from "../decide/image-fault-name.ts";
import { Line } from "../host/line.ts";
import {
  ascii,
  Buffer,
  bufferBytes,
  defineMetric,
  HeaderMap,
  header,
  httpCall,
  increment,
  LogLevel,
  Metric,
  record,
} from "../host/proxy.ts";
import { IMAGE_MAX_LENGTH } from "../wire/image.ts";
import { Backoff } from "./backoff.ts";
import { nodeBytes, PluginConfig, PluginRole } from "./config.ts";
import { ImageRequest } from "./image-request.ts";

/** The controller answers a poll within 30 s; one that takes longer has lost its way. */
const POLL_TIMEOUT_MS: u32 = 40000;
/** So much later the proxy has forgotten the poll: it should have said so long ago. */
const LOST_MS: u64 = 45000;
/** A controller with nothing new waits before it says so. One that doesn't isn't asked again at once. */
const LONG_POLL_MS: u64 = 1000;
const STATUS: Uint8Array = ascii(":status");
const OK: i32 = 200;
const NO_CONTENT: i32 = 204;

/**
 * Keeps one node's image fresh by long poll for all plugins of this VM that share it. The last good image stays in
 * force whatever arrives; until the first one there is none and every flow is refused.
 */
export class Sync {
  readonly image: Image = new Image();
  /** Root context whose poll is under way, 0 if none is. */
  private pollingRoot: u32 = 0;
  private token: u32 = 0;
  private askedMs: u64 = 0;
  private nextPollMs: u64 = 0;
  private readonly backoff: Backoff;
  private readonly request: ImageRequest;
  private readonly want: Expectation = new Expectation();
  private readonly sha: Sha256 = new Sha256();
  private readonly status: Uint8Array = new Uint8Array(8);
  private readonly line: Line = new Line();
  private readonly images: u32 = defineMetric(Metric.Counter, ascii("sallyport.image.accepted"));
  private readonly refusals: u32 = defineMetric(Metric.Counter, ascii("sallyport.image.refused"));
  private readonly failures: u32 = defineMetric(Metric.Counter, ascii("sallyport.image.poll_failed"));
  private readonly generation: u32 = defineMetric(Metric.Gauge, ascii("sallyport.image.generation"));

  constructor(
    readonly config: PluginConfig,
    role: u32,
    worker: string,
  ) {
    this.backoff = new Backoff(worker);
    this.request = new ImageRequest(config, worker);
    if (config.nodeHex.length > 0) nodeBytes(config.nodeHex, this.want.node);
    this.want.overlay = config.overlay;
    this.want.role = role;
  }

  /** Starts a poll from this root context if none is under way and it is time. */
  poll(root: u32, nowMs: u64): void {
    if (this.config.role == PluginRole.Guard) return;
    if (this.pollingRoot != 0 && nowMs >= this.askedMs + LOST_MS) {
      this.pollingRoot = 0;
      this.fail(nowMs);
    }
    if (this.pollingRoot != 0 || nowMs < this.nextPollMs) return;
    this.request.write(this.have());
    const token = httpCall(this.config.cluster, this.request.bytes, this.request.length, POLL_TIMEOUT_MS);
    if (token < 0) {
      this.fail(nowMs);
      return;
    }
    this.token = token as u32;
    this.askedMs = nowMs;
    this.pollingRoot = root;
  }

  /** The root context goes away, or polls for another image now: its poll is lost, another one polls. */
  forget(root: u32): void {
    if (this.pollingRoot == root) this.pollingRoot = 0;
  }

  /** Takes the answer to a poll; true if a new image is in force. */
  answered(root: u32, token: u32, bodyLength: i32, nowMs: u64): bool {
    if (this.pollingRoot == 0 || root != this.pollingRoot || token != this.token) return false;
    this.pollingRoot = 0;
    const status = this.statusCode();
    if (status == OK) return this.receive(bodyLength, nowMs);
    if (status == NO_CONTENT && nowMs >= this.askedMs + LONG_POLL_MS) this.succeed(nowMs);
    else this.fail(nowMs);
    return false;
  }

  private have(): u64 {
    return ((this.image.term as u64) << 32) | (this.image.sequence as u64);
  }

  private receive(length: i32, nowMs: u64): bool {
    const fault = this.open(length, (nowMs / 1000) as u32);
    if (fault != ImageFault.None) {
      increment(this.refusals);
      this.line
        .clear()
        .text("sallyport image refused reason=")
        .text(imageFaultName(fault))
        .text(" bytes=")
        .number(length as u64);
      this.line.text(this.image.ready ? ": the last good one stays" : ": there is none yet").send(LogLevel.Warn);
      this.fail(nowMs);
      return false;
    }
    this.succeed(nowMs);
    increment(this.images);
    record(this.generation, this.have());
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
    this.backoff.reset();
    this.nextPollMs = nowMs;
  }

  /** A poll that fails at once would spin a core. */
  private fail(nowMs: u64): void {
    increment(this.failures);
    this.nextPollMs = nowMs + (this.backoff.next() as u64);
  }

  /** 0 if the answer has none: the call failed. */
  private statusCode(): i32 {
    if (header(HeaderMap.HttpCallResponse, STATUS, this.status) != 3) return 0;
    let code = 0;
    for (let i = 0; i < 3; i++) {
      if (this.status[i] < 0x30 || this.status[i] > 0x39) return 0;
      code = code * 10 + this.status[i] - 0x30;
    }
    return code;
  }
}
