/** Contexts as a proxy keeps them: a root per plugin configuration, and one for each stream a plugin sees. */

/** Names in lower case with the bytes of their values, in order. */
export type HeaderList = [name: string, value: Uint8Array][];

export class RootContext {
  readonly kind = "root";
  configuration = new Uint8Array(0);
  /** 0: no ticks. */
  tickMs = 0;
  nextTickMs = 0;

  constructor(readonly id: number) {}
}

/** An HTTP stream or a TCP connection, and what the filter made of it so far. */
export class Stream {
  /** Before its context exists. */
  id = 0;
  /** `open` until the filter let it go on or paused it; `ended` once its context is gone. */
  state: "open" | "continued" | "paused" | "ended" = "open";
  /** Whether it was ever let through, even if it was closed later. */
  wasContinued = false;
  response: { readonly status: number; readonly details: string } | undefined;
  /** How often the filter closed it. */
  closes = 0;
  readonly filterState = new Map<string, string>();

  constructor(
    readonly kind: "http" | "connection",
    readonly root: number,
    readonly properties: ReadonlyMap<string, Uint8Array>,
    /** The request's; as in Envoy out of reach once the stream went on. */
    public headers: HeaderList | undefined,
    /** What the next filter would see. */
    readonly sent: HeaderList = headers ?? [],
  ) {}

  /** A request header that the next hop would see. */
  header(name: string): string | undefined {
    const found = this.sent.find(([known]) => known === name);
    return found && Buffer.from(found[1]).toString("latin1");
  }

  get isOver(): boolean {
    return this.state === "ended";
  }
}

export type Context = RootContext | Stream;
