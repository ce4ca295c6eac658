import { describe, expect, test } from "@jest/globals";
import { Section } from "../../assembly/wire/image.ts";
import { Stream } from "../host/context.ts";
import {
  FakeEndpointProxy,
  FakeGatewayProxy,
  type FakeProxy,
  headersOf,
  peerProperties,
  socketProperties,
} from "../host/fake-proxy.ts";
import { type Flow, flowAt, type Negation } from "../host/flow.ts";
import { withHeader, withSection } from "../host/image-surgery.ts";
import { EPOCH_SECONDS, shopWith } from "../host/shop.ts";

const FEW = 1000;
const MANY = 1_000_000;
/** Streams open at once. */
const ALIVE = 50;
/** Flows between two times of unrest. */
const CALM = 1000;
const shop = shopWith();
const withoutGuest = shopWith({ without: ["guest"] });

/** A stamp is good for a minute. */
const STAMPED_AGAIN_MS = 50_000;

/** Two images by turns, so that each is longer or shorter than the one before. */
function images(node: string): (sequence: number) => Uint8Array {
  const both = [shop.image(node), withoutGuest.image(node)];
  return (sequence) =>
    withHeader(both[sequence % 2] as Uint8Array, (view) => {
      view.setUint32(24, sequence, true);
    });
}

/** Streams of one kind, made again and again from the same bytes. */
type Source = () => Stream;

function requests(flow: Flow): Source {
  const [properties, headers] = [
    peerProperties(flow.peer),
    headersOf({ authority: flow.authority, stamp: flow.stamps, peer: flow.peer }),
  ];
  return () => new Stream("http", 1, properties, [...headers]);
}

function connections(source: string, destination: string): Source {
  const properties = socketProperties({ source, destination });
  return () => new Stream("connection", 1, properties, undefined);
}

interface Case {
  readonly name: string;
  readonly start: () => FakeProxy;
  readonly node: string;
  /** What is tried at a time, unix seconds; mostly refused before any HMAC, to be quick. */
  readonly sources: (now: number) => readonly Source[];
  /** Verdicts among these flows. */
  readonly verdicts: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "a gateway",
    node: "edge-a",
    start: () => started(new FakeGatewayProxy(), shop.configuration("edge-a", "gate")),
    sources: (now) => {
      const time = { issued: now, epoch: Math.floor(now / EPOCH_SECONDS) };
      const flow = ({ stamp, ...others }: Negation) =>
        requests(flowAt("first hop", { ...others, stamp: { ...time, ...stamp } }));
      return [
        flow({}),
        flow({ stamp: { sourceAddress: "10.77.0.99" } }),
        flow({ to: "10.77.0.12:9090" }),
        flow({ signedAs: { keyGeneration: 2 } }),
        ...Array(8).fill(flow({ stamp: { version: 2 } })),
        ...Array(8).fill(flow({ header: () => ["x".repeat(200)] })),
        ...Array(8).fill(flow({ peer: { identity: "spiffe://shop.example/ns/shop/sa/nobody" } })),
        ...Array(8).fill(flow({ authority: "[fd77::12%eth0]:8080" })),
      ];
    },
    verdicts: [
      "gate.allow",
      "gate.unknown-source",
      "gate.policy-egress",
      "gate.stamp-tag",
      "gate.peer-identity",
      "gate.stamp-length",
    ],
  },
  {
    name: "an endpoint",
    node: "web",
    start: () => started(new FakeEndpointProxy(), shop.configuration("web", "stamp")),
    sources: () => [
      connections("10.77.0.11:33000", "10.77.0.12:8080"),
      ...Array(8).fill(connections("10.77.0.11:33000", "10.77.0.12:9090")),
      ...Array(8).fill(connections("10.77.0.11:33000", "192.0.2.1:443")),
      connections("10.77.0.14:33000", "10.77.0.12:8080"),
    ],
    verdicts: ["stamp.allow", "stamp.policy-egress", "stamp.source-mismatch"],
  },
];

function started<T extends FakeProxy>(proxy: T, configuration: string): T {
  proxy.configure(configuration);
  return proxy;
}

describe.each(cases)("the memory of $name", ({ start, node, sources, verdicts }) => {
  test("is after a million flows what it was after a thousand", () => {
    const proxy = start();
    const alive: Stream[] = [];
    let flows = 0;
    const imageOf = images(node);
    let tried: readonly Source[] = [];
    let stampedMs = 0;
    const run = (until: number) => {
      for (; flows < until; flows++) {
        if (flows % CALM === 0) {
          unrest(proxy, imageOf(flows / CALM + 1));
        }
        if (proxy.nowMs >= stampedMs + STAMPED_AGAIN_MS) {
          stampedMs = proxy.nowMs;
          tried = sources(Math.floor(stampedMs / 1000));
        }
        const stream = (tried[flows % tried.length] as Source)();
        proxy.begin(stream);
        if (alive.push(stream) > ALIVE) proxy.end(alive.shift() as Stream);
      }
    };
    run(FEW);
    const before = proxy.memoryBytes;
    run(MANY);
    expect(proxy.memoryBytes).toBe(before);
    expect(proxy.counter("sallyport.vm.memory_bytes")).toBe(before);
    expect(proxy.counter("sallyport.image.accepted")).toBe(MANY / CALM);
    expect(proxy.counter("sallyport.image.refused")).toBe(MANY / CALM);
    expect(proxy.counter("sallyport.vm.flows")).toBeLessThanOrEqual(ALIVE + 1);
    for (const verdict of verdicts) expect(proxy.counter(`sallyport.${verdict}`)).toBeGreaterThan(MANY / CALM);
  }, 120_000);
});

test.each(cases)("a flow at $name takes no memory, not even such as is collected later", ({ start, node, sources }) => {
  const proxy = start();
  proxy.tick();
  proxy.answerPoll(images(node)(1));
  const tried = sources(Math.floor(proxy.nowMs / 1000));
  const run = (flows: number) => {
    for (let i = 0; i < flows; i++) {
      const stream = (tried[i % tried.length] as Source)();
      proxy.begin(stream);
      proxy.end(stream);
    }
  };
  run(FEW);
  const before = proxy.memoryBytes;
  // Nobody collects meanwhile: sixteen bytes a flow would show.
  run(100_000);
  expect(proxy.memoryBytes).toBe(before);
});

/** A poll fails, one brings garbage, one brings nothing, and one a new image; meanwhile held flows are given up. */
function unrest(proxy: FakeProxy, image: Uint8Array): void {
  const answers = ["failure", new Uint8Array(image.length * 10), 204, image] as const;
  for (const answer of answers) {
    // Longer than any back-off that three failures in a row come to.
    proxy.tick(500);
    proxy.answerPoll(answer);
  }
}

test("polls that fail at once cost no memory", () => {
  const proxy = new FakeGatewayProxy({ calls: "refuse" });
  proxy.configure(shop.configuration("edge-a", "gate"));
  proxy.tick(10_000);
  const before = proxy.memoryBytes;
  for (let i = 0; i < 5000; i++) {
    proxy.conduct.calls = i % 2 === 0 ? "fail" : "refuse";
    proxy.stall(10_000);
  }
  expect(proxy.counter("sallyport.image.poll_failed")).toBeGreaterThan(5000);
  expect(proxy.memoryBytes).toBe(before);
});

test("large images take the place of the one before the last", () => {
  const proxy = new FakeGatewayProxy();
  proxy.configure(shop.configuration("edge-a", "gate"));
  proxy.tick();
  const megabytes = (sequence: number) =>
    withSection(shop.image("edge-a", { sequence }), Section.Strings, (bytes) =>
      Buffer.concat([bytes, Buffer.alloc(2_000_000 + sequence)]),
    );
  // Without any tick between them: nobody collects but the answer itself.
  for (let sequence = 1; sequence <= 3; sequence++) proxy.answerPoll(megabytes(sequence));
  const before = proxy.memoryBytes;
  for (let sequence = 4; sequence <= 12; sequence++) proxy.answerPoll(megabytes(sequence));
  expect(proxy.counter("sallyport.image.accepted")).toBe(12);
  expect(proxy.memoryBytes).toBe(before);
});
