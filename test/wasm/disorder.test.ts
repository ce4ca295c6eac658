import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Stream } from "../host/context.ts";
import { FakeEndpointProxy, FakeGatewayProxy, type FakeProxy } from "../host/fake-proxy.ts";
import { type Flow, flowAt, type Place } from "../host/flow.ts";
import { FAILURE } from "../host/http-calls.ts";
import { withHeader } from "../host/image-surgery.ts";
import { send } from "../host/nodes.ts";
import { type Role, shopWith } from "../host/shop.ts";

/** What a host, a controller and peers may do to a worker, in any order; numbers choose among what there is. */
type Event =
  | { readonly kind: "flow"; readonly flow: number; readonly root: number }
  | { readonly kind: "end" | "delete root" | "configure again" | "hang up"; readonly which: number }
  | { readonly kind: "configure"; readonly configuration: number }
  | { readonly kind: "answer"; readonly answer: number; readonly call: number }
  | { readonly kind: "tick"; readonly ms: number }
  | { readonly kind: "stall"; readonly ms: number }
  | { readonly kind: "conduct"; readonly deletes: number; readonly calls: number }
  | { readonly kind: "stray"; readonly callback: string; readonly ids: readonly [number, number, number] };

const few = fc.nat(7);
/** Ids that are contexts' or tokens', and others. */
const anyId = fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, fc.constantFrom(0xffffffff, 0x80000000, 0x7fffffff));
const callbacks = [
  "proxy_on_context_create",
  "proxy_on_delete",
  "proxy_on_configure",
  "proxy_on_tick",
  "proxy_on_http_call_response",
  "proxy_on_request_headers",
  "proxy_on_new_connection",
  "proxy_on_memory_allocate",
];

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("flow" as const), flow: few, root: few }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("answer" as const), answer: few, call: few }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("tick" as const), ms: fc.constantFrom(0, 1, 99, 100, 500, 1100, 45_100) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("end" as const, "hang up" as const), which: few }) },
  fc.record({ kind: fc.constantFrom("delete root" as const, "configure again" as const), which: few }),
  fc.record({ kind: fc.constant("configure" as const), configuration: few }),
  fc.record({ kind: fc.constant("conduct" as const), deletes: few, calls: few }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("stray" as const),
      callback: fc.constantFrom(...callbacks),
      ids: fc.tuple(anyId, anyId, anyId),
    }),
  },
);

interface Node {
  readonly place: Place;
  readonly node: string;
  readonly role: Role;
  readonly start: () => FakeProxy;
}

const nodes: readonly Node[] = [
  { place: "first hop", node: "edge-a", role: "gate", start: () => new FakeGatewayProxy() },
  { place: "delivery", node: "api", role: "verify", start: () => new FakeEndpointProxy() },
  { place: "outbound", node: "web", role: "stamp", start: () => new FakeEndpointProxy() },
];

const pick = <T>(all: readonly T[], which: number): T | undefined => all[which % Math.max(1, all.length)];

interface Attempt {
  readonly flow: Flow;
  /** With some image and some moment it is allowed. */
  readonly mayPass: boolean;
}

function attempts(place: Place): Attempt[] {
  const forbidden = place === "delivery" ? "10.77.0.13:1" : "10.77.0.66:9090";
  const forged = place === "outbound" ? { peer: { address: "10.77.0.13:1" } } : { signedAs: { keyGeneration: 9 } };
  return [
    { flow: flowAt(place), mayPass: true },
    { flow: flowAt(place, { to: forbidden }), mayPass: false },
    { flow: flowAt(place, { authority: "10.77.0.12" }), mayPass: false },
    { flow: flowAt(place, forged), mayPass: false },
  ];
}

/** With nobody missing, without one end of the usual flow, and under other keys. */
function images(node: string): Uint8Array[] {
  const shops = [{}, {}, { without: [node === "web" ? "api" : "web"] }, { keyGeneration: 4 }];
  return shops.map((edit) => shopWith(edit).image(node));
}

/** One worker in disorder, and what it was asked to let through. */
class Disorder {
  readonly streams: { readonly stream: Stream; readonly mayPass: boolean }[] = [];
  private readonly proxy: FakeProxy;
  private readonly flows: readonly Attempt[];
  private readonly images: readonly Uint8Array[];
  private readonly roots: number[] = [];
  private sequence = 0;

  constructor(private readonly at: Node) {
    this.proxy = at.start();
    this.flows = attempts(at.place);
    this.images = images(at.node);
    this.roots.push(this.proxy.createRoot());
    this.configure(0);
  }

  do(event: Event): void {
    if (event.kind === "flow") this.open(event.flow, event.root);
    else if (event.kind === "configure") this.configure(event.configuration);
    else if (event.kind === "answer") this.answer(event.answer, event.call);
    else if (event.kind === "tick") this.proxy.tick(event.ms);
    else if (event.kind === "stall") this.proxy.stall(event.ms);
    else if (event.kind === "conduct") this.behave(event.deletes, event.calls);
    else if (event.kind === "stray") this.stray(event.callback, event.ids);
    else this.leave(event.kind, event.which);
  }

  /** Everybody goes; what is left in the VM is what strays put there. */
  finish(): void {
    for (const { stream } of this.streams) this.proxy.end(stream);
    this.proxy.tick(2000);
    for (const root of this.roots) this.proxy.deleteRoot(root);
  }

  private open(which: number, root: number): void {
    const { flow, mayPass } = pick(this.flows, which) as Attempt;
    this.streams.push({ stream: send(this.proxy, flow, pick(this.roots, root)), mayPass });
  }

  private configure(which: number): void {
    const { node, role } = this.at;
    const good = shopWith().configuration(node, role);
    const texts = [
      good,
      good,
      good.replace("overlay=7", "overlay=8"),
      "",
      good.replace("node=", "node=x"),
      good.replace("control=control", "control=other"),
    ];
    const root = this.proxy.createRoot();
    this.roots.push(root);
    this.proxy.configure(pick(texts, which) as string, root);
  }

  private answer(which: number, call: number): void {
    const poll = pick(this.proxy.calls, call);
    if (poll === undefined) return;
    const image = pick(this.images, which);
    const others = [new Uint8Array(900), 204, 500, "failure"] as const;
    if (which < 4 && image !== undefined) {
      this.sequence++;
      const newer = withHeader(image, (view) => view.setUint32(24, this.sequence, true));
      this.proxy.answerPoll(newer, poll);
    } else {
      this.proxy.answerPoll(pick<(typeof others)[number]>(others, which) ?? 204, poll);
    }
  }

  private behave(deletes: number, calls: number): void {
    this.proxy.conduct.deletes = pick(["after the callback", "at once", "later"] as const, deletes) ?? "at once";
    this.proxy.conduct.calls = pick(["wait", "wait", "refuse", "fail", "lose"] as const, calls) ?? "wait";
  }

  private leave(kind: "end" | "hang up" | "delete root" | "configure again", which: number): void {
    const root = pick(this.roots, which);
    if (kind === "end" || kind === "hang up") {
      const leaving = pick(this.streams, which);
      if (leaving !== undefined) this.proxy.end(leaving.stream);
    } else if (root !== undefined && kind === "configure again") {
      this.proxy.configure(shopWith().configuration(this.at.node, this.at.role), root);
    } else if (root !== undefined && this.roots.length > 1) {
      this.roots.splice(this.roots.indexOf(root), 1);
      this.proxy.deleteRoot(root);
    }
  }

  private stray(callback: string, ids: readonly [number, number, number]): void {
    const root = this.roots[0] as number;
    if (callback === "proxy_on_http_call_response") this.proxy.callBack(root, ids[0], FAILURE);
    else this.proxy.run(this.proxy.root(root), callback, ...ids);
  }
}

/** What no member has to do with goes on directly: the overlay has no part in it. */
function tunnelled(stream: Stream): boolean {
  return stream.wasContinued && !stream.filterState.has("wasm.sallyport_direct");
}

describe.each(nodes)("callbacks in any order at $place", (node) => {
  test("neither trap nor let through what may not pass, and close each flow once", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120, size: "max" }), (events) => {
        const disorder = new Disorder(node);
        for (const one of events) disorder.do(one);
        disorder.finish();
        expect(disorder.streams.filter(({ stream, mayPass }) => tunnelled(stream) && !mayPass)).toHaveLength(0);
        expect(disorder.streams.filter(({ stream }) => stream.closes > 1)).toHaveLength(0);
      }),
      { numRuns: 150 },
    );
  });
});
