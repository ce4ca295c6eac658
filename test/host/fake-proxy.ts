/** Proxies of a test: our compiled filters, with everything around them played by this process. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type HeaderList, Stream } from "./context.ts";
import { answerOf, type HttpCall } from "./http-calls.ts";
import { type Conduct, ProxyHost } from "./proxy-host.ts";
import { START_SECONDS } from "./shop.ts";
import { fromLatin1 } from "./vectors.ts";

/** The TLS peer of a request; the address with a port, as Envoy gives it. */
export interface Peer {
  readonly identity?: string | undefined;
  readonly address?: string | undefined;
}

/** A request as a peer sends it; undefined: absent. Text is one byte per character. */
export interface Request {
  readonly method?: string | undefined;
  readonly authority?: string | undefined;
  readonly stamp?: string | readonly string[] | undefined;
  /** Headers besides. */
  readonly others?: readonly (readonly [string, string])[];
  readonly peer: Peer;
  /** Root context of the plugin; the first if it isn't said. */
  readonly root?: number;
}

/** An app's connection, both ends with port. */
export interface Connection {
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
  readonly root?: number;
}

export type FilterModule = "endpoint" | "gateway";

const modules = new Map<FilterModule, WebAssembly.Module>();

/** The compiled bytes of a filter module. */
export function filterBytes(name: FilterModule): Uint8Array {
  const path = fileURLToPath(new URL(`../../build/wasm/${name}.wasm`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
  return readFileSync(path);
}

function filterModule(name: FilterModule): WebAssembly.Module {
  const known = modules.get(name) ?? new WebAssembly.Module(filterBytes(name));
  modules.set(name, known);
  return known;
}

/** One worker of a proxy. */
export abstract class FakeProxy extends ProxyHost {
  /** Root context of the first plugin that was configured. */
  protected firstRoot = 0;

  constructor(module: WebAssembly.Module, conduct: Partial<Conduct> = {}) {
    super(module);
    Object.assign(this.conduct, conduct);
    this.nowMs = START_SECONDS * 1000;
  }

  /** Offers a configuration to a new root context, or to this one again; its id, or undefined if it was refused. */
  configure(text: string, root = this.createRoot()): number | undefined {
    const taken = this.configureRoot(root, fromLatin1(text));
    if (taken && this.firstRoot === 0) this.firstRoot = root;
    return taken ? root : undefined;
  }

  /** Time passes, with its ticks. */
  tick(ms = 100): void {
    this.advance(ms);
  }

  /** Answers the oldest poll: 200 with an image, or another status. */
  answerPoll(answer: Uint8Array | number | "failure", poll: HttpCall | undefined = this.calls[0]): void {
    if (poll === undefined) throw new Error("nobody polls");
    if (answer === "failure") this.deliver(poll);
    else this.deliver(poll, typeof answer === "number" ? answerOf(answer) : answerOf(200, answer));
  }

  /** A CONNECT, or whatever else is said, reaches the HTTP filter. */
  request(request: Request): Stream {
    const stream = new Stream("http", request.root ?? this.firstRoot, peerProperties(request.peer), headersOf(request));
    this.begin(stream);
    return stream;
  }

  counter(name: string): number {
    return Number(this.metrics.value(name));
  }

  /** Counters and gauges that changed while `act` ran, with the difference. */
  changes(act: () => void): Map<string, number> {
    const before = this.metrics.snapshot();
    act();
    const differences = [...this.metrics.snapshot()].map(
      ([name, value]) => [name, Number(value - (before.get(name) ?? 0n))] as const,
    );
    return new Map(differences.filter(([, difference]) => difference !== 0));
  }

  /** Size of the VM's memory. */
  get memoryBytes(): number {
    return this.memory.byteLength;
  }
}

export class FakeEndpointProxy extends FakeProxy {
  constructor(conduct: Partial<Conduct> = {}, module = filterModule("endpoint")) {
    super(module, conduct);
  }

  /** An app's connection reaches the network filter. */
  openConnection(connection: Connection): Stream {
    const stream = new Stream("connection", connection.root ?? this.firstRoot, socketProperties(connection), undefined);
    this.begin(stream);
    return stream;
  }
}

export class FakeGatewayProxy extends FakeProxy {
  constructor(conduct: Partial<Conduct> = {}, module = filterModule("gateway")) {
    super(module, conduct);
  }
}

export function headersOf({ method = "CONNECT", authority, stamp, others = [] }: Request): HeaderList {
  const headers: HeaderList = [];
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) headers.push([name, fromLatin1(value)]);
  };
  add(":method", method);
  add(":authority", authority);
  for (const value of typeof stamp === "string" ? [stamp] : (stamp ?? [])) add("sallyport-stamp", value);
  for (const [name, value] of others) add(name, value);
  return headers;
}

export function peerProperties({ identity, address }: Peer): ReadonlyMap<string, Uint8Array> {
  return propertiesOf({ "source\0address": address, "connection\0uri_san_peer_certificate": identity });
}

export function socketProperties({ source, destination }: Connection): ReadonlyMap<string, Uint8Array> {
  return propertiesOf({ "source\0address": source, "destination\0address": destination });
}

function propertiesOf(known: Record<string, string | undefined>): ReadonlyMap<string, Uint8Array> {
  const present = Object.entries(known).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, fromLatin1(value)] as const],
  );
  return new Map(present);
}
