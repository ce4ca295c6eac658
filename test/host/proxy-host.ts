import { CONTINUE, Status } from "./abi.ts";
import { abiFunctions, bufferOf } from "./abi-functions.ts";
import { type Context, RootContext, type Stream } from "./context.ts";
import { GuestMemory } from "./guest-memory.ts";
import { FAILURE, type HttpAnswer, type HttpCall } from "./http-calls.ts";
import { Metrics } from "./metrics.ts";

/** What hosts do differently, and a filter must live with. */
export interface Conduct {
  /**
   * When a stream's context goes that the filter ended. Older Envoys delete it before they return from the call, and any
   * may do it much later, when it has flushed what the stream still had to send: here, when the test ends the stream.
   */
  deletes: "after the callback" | "at once" | "later";
  /** What becomes of an HTTP call. `fail` calls back at the end of the callback that made it, `lose` never. */
  calls: "wait" | "refuse" | "fail" | "lose";
  /** A function that only answers that it failed. */
  fails: "nothing" | "proxy_set_property" | "proxy_replace_header_map_value";
}

type Guest = Record<string, (...args: number[]) => number> & { memory: WebAssembly.Memory };

/**
 * A proxy-wasm host in this process, without any network: runs one compiled filter module, as one worker of Envoy does,
 * and does what the filter says to the streams that a test opens. A trap in the filter is an exception here.
 */
export class ProxyHost {
  readonly memory: GuestMemory;
  readonly metrics = new Metrics();
  readonly logs: string[] = [];
  /** What it says of itself in every context, such as `xds.node`. */
  readonly properties = new Map<string, Uint8Array>();
  /** Calls that wait for an answer, oldest first. */
  readonly calls: HttpCall[] = [];
  readonly conduct: Conduct = { deletes: "after the callback", calls: "wait", fails: "nothing" };
  /** While an answer is delivered. */
  answer: HttpAnswer | undefined;
  /** While a plugin is configured. */
  configuration: Uint8Array | undefined;
  /** How often the filter's code was entered. */
  entries = 0;
  private readonly guest: Guest;
  private readonly contexts = new Map<number, Context>();
  private readonly roots = new Map<number, RootContext>();
  private readonly deferred: (() => void)[] = [];
  private current: Context | undefined;
  private effective = 0;
  private lastContext = 0;
  private lastToken = 0;
  private clockMs = 0;
  private clock = 0n;

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, { env: abiFunctions(this) as Record<string, unknown> });
    this.guest = instance.exports as Guest;
    this.memory = new GuestMemory(this.guest.memory, (size) => this.guest.proxy_on_memory_allocate?.(size) ?? 0);
    this.guest._initialize?.();
  }

  get nowMs(): number {
    return this.clockMs;
  }

  /** Sets the clock without any tick. */
  set nowMs(value: number) {
    this.clockMs = value;
    this.clock = BigInt(value) * 1_000_000n;
  }

  get nowNanoseconds(): bigint {
    return this.clock;
  }

  /** A new root context, not yet configured; its id. */
  createRoot(): number {
    const root = new RootContext(++this.lastContext);
    this.contexts.set(root.id, root);
    this.roots.set(root.id, root);
    this.run(root, "proxy_on_context_create", root.id, 0);
    return root.id;
  }

  /** Offers a configuration; whether the filter took it. */
  configureRoot(id: number, configuration: Uint8Array): boolean {
    const root = this.root(id);
    this.configuration = configuration;
    try {
      return this.run(root, "proxy_on_configure", root.id, configuration.length) !== 0;
    } finally {
      this.configuration = undefined;
    }
  }

  /** A root context goes, and with it the calls that it waits for. */
  deleteRoot(id: number): void {
    const root = this.root(id);
    this.run(root, "proxy_on_delete", root.id);
    this.contexts.delete(id);
    this.roots.delete(id);
    const kept = this.calls.filter(({ caller }) => caller !== id);
    this.calls.splice(0, this.calls.length, ...kept);
  }

  /** Runs the stream's first callback: the one that decides. */
  begin(stream: Stream): void {
    stream.id = ++this.lastContext;
    this.contexts.set(stream.id, stream);
    this.run(stream, "proxy_on_context_create", stream.id, stream.root);
    const count = stream.headers?.length ?? 0;
    const action =
      stream.kind === "http"
        ? this.run(stream, "proxy_on_request_headers", stream.id, count, 0)
        : this.run(stream, "proxy_on_new_connection", stream.id);
    if (stream.isOver) return;
    if (action === CONTINUE) this.markContinued(stream);
    else stream.state = "paused";
  }

  /** The stream's context goes: its peer went away, or the filter ended it. */
  end(stream: Stream): void {
    if (stream.isOver) return;
    stream.state = "ended";
    this.run(stream, "proxy_on_delete", stream.id);
    this.contexts.delete(stream.id);
  }

  /** Time passes, with the ticks that plugins asked for. */
  advance(ms: number): void {
    const end = this.clockMs + ms;
    for (let root = this.nextToTick(end); root !== undefined; root = this.nextToTick(end)) {
      if (root.nextTickMs > this.clockMs) this.nowMs = root.nextTickMs;
      root.nextTickMs += root.tickMs;
      this.timeOut();
      this.run(root, "proxy_on_tick", root.id);
    }
    this.nowMs = end;
    this.timeOut();
  }

  /** The worker is busy for so long, and then runs one tick of each plugin for all that it missed. */
  stall(ms: number): void {
    this.nowMs = this.clockMs + ms;
    for (const root of this.roots.values()) root.nextTickMs = this.clockMs;
    this.advance(0);
  }

  /** Delivers the answer to a call; undefined: it failed. */
  deliver(call: HttpCall, answer: HttpAnswer = FAILURE): void {
    const at = this.calls.indexOf(call);
    if (at < 0) throw new Error(`no call ${call.token} waits for an answer`);
    this.calls.splice(at, 1);
    this.callBack(call.caller, call.token, answer);
  }

  /** Calls back with any token, also one that nobody waits for. */
  callBack(caller: number, token: number, answer: HttpAnswer): void {
    const root = this.root(caller);
    this.answer = answer === FAILURE ? undefined : answer;
    try {
      this.run(
        root,
        "proxy_on_http_call_response",
        root.id,
        token,
        answer.headers.length,
        answer.announced ?? answer.body.length,
        0,
      );
    } finally {
      this.answer = undefined;
    }
  }

  /** Enters the filter with whatever arguments, as a context. */
  run(context: Context, callback: string, ...args: number[]): number {
    const { current, effective } = this;
    this.current = context;
    this.effective = 0;
    this.entries++;
    const result = this.guest[callback]?.(...args) ?? 0;
    this.current = current;
    this.effective = effective;
    for (let next = this.deferred.shift(); next !== undefined; next = this.deferred.shift()) next();
    return result;
  }

  root(id: number): RootContext {
    const root = this.roots.get(id);
    if (root === undefined) throw new Error(`no root context ${id}`);
    return root;
  }

  // What follows is called by the filter.

  acting(): Context {
    const context = this.contexts.get(this.effective) ?? this.current;
    if (context === undefined) throw new Error("the filter called its host outside of any callback");
    return context;
  }

  actAs(id: number): Status {
    if (!this.contexts.has(id)) return Status.BadArgument;
    this.effective = id;
    return Status.Ok;
  }

  log(_level: number, text: string | undefined): Status {
    if (text === undefined) return Status.InvalidMemoryAccess;
    this.logs.push(text);
    return Status.Ok;
  }

  tickEvery(ms: number): Status {
    const context = this.acting();
    const root = this.root(context.kind === "root" ? context.id : context.root);
    root.tickMs = ms;
    root.nextTickMs = this.clockMs + ms;
    return Status.Ok;
  }

  buffer(type: number): Uint8Array | undefined {
    return bufferOf(this, type);
  }

  call(cluster: string, headers: ReadonlyMap<string, string>, timeoutMs: number, tokenAt: number): Status {
    const caller = this.acting().id;
    const token = ++this.lastToken;
    if (this.conduct.calls === "refuse") {
      // What Envoy does when no connection can be had: it fails the call, and calls back for nobody.
      this.deferred.push(() => this.callBack(caller, 0, FAILURE));
      return Status.InternalFailure;
    }
    if (this.conduct.calls === "fail") this.deferred.push(() => this.callBack(caller, token, FAILURE));
    else this.calls.push({ token, caller, cluster, headers, timeoutMs, madeAtMs: this.clockMs });
    return this.memory.writeU32(tokenAt, token);
  }

  letGoOn(stream: Stream): Status {
    stream.headers = undefined;
    this.markContinued(stream);
    return Status.Ok;
  }

  close(stream: Stream): Status {
    stream.closes++;
    this.endLater(stream);
    return Status.Ok;
  }

  respond(stream: Stream, status: number, details: string): Status {
    stream.response = { status, details };
    this.endLater(stream);
    return Status.Ok;
  }

  private timeOut(): void {
    if (this.conduct.calls === "lose") return;
    for (const call of [...this.calls]) if (this.clockMs >= call.madeAtMs + call.timeoutMs) this.deliver(call);
  }

  private endLater(stream: Stream): void {
    if (this.conduct.deletes === "at once") this.end(stream);
    else if (this.conduct.deletes === "after the callback") this.deferred.push(() => this.end(stream));
  }

  private markContinued(stream: Stream): void {
    stream.state = "continued";
    stream.wasContinued = true;
    stream.headers = undefined;
  }

  private nextToTick(end: number): RootContext | undefined {
    let next: RootContext | undefined;
    for (const root of this.roots.values()) {
      if (root.tickMs === 0 || root.nextTickMs > end) continue;
      if (next === undefined || root.nextTickMs < next.nextTickMs) next = root;
    }
    return next;
  }
}
