import { describe, expect, test } from "@jest/globals";
import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { type CompileOptions, compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { strays } from "../../controller/compile/strays.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import {
  EMPTY_WORLD,
  type NetworkPolicy,
  type OverlayEndpoint,
  type OverlayGateway,
  type Peer,
  type PolicyPort,
  type World,
} from "../../controller/model/resources.ts";
import type { FlowPolicy } from "../../controller/model/tiers.ts";
import { classOf, openImage, sha256 } from "../host/decisions.ts";
import { gateways, overlay } from "../host/vocabulary.ts";

const EVERYTHING = { requirements: [] };

/** An overlay in which b takes everything from a, and nothing else is allowed. */
const world: World = {
  ...EMPTY_WORLD,
  overlays: [overlay],
  gateways,
  endpoints: [endpoint("a", ["10.0.0.1"]), endpoint("b", ["10.0.0.2", "fd00::2"])],
  namespaces: [],
  policies: [policy({ ingress: [{ index: 0 }], egress: [{ index: 0 }] })],
};

const rows: { name: string; change: Partial<World>; options?: CompileOptions; want: string[] }[] = [
  { name: "nothing in a world that is right", change: {}, want: [] },
  {
    name: "both endpoints that claim an address",
    change: { endpoints: [...world.endpoints, endpoint("c", ["10.0.0.3", "10.0.0.1"])] },
    want: ["a spec.addresses[0]: is claimed", "c spec.addresses[1]: is claimed"],
  },
  {
    name: "no endpoint that lists its own address twice",
    change: { endpoints: [endpoint("a", ["10.0.0.1", "10.0.0.1"])] },
    want: [],
  },
  {
    name: "an address outside the overlay's blocks",
    change: { endpoints: [endpoint("a", ["192.0.2.1"])] },
    want: ["a spec.addresses[0]: is outside"],
  },
  {
    name: "an IPv4 address where an IPv6 block would span it",
    change: { overlays: [{ ...overlay, cidr: ["::/0"] }], endpoints: [endpoint("a", ["10.0.0.1"])] },
    want: ["a spec.addresses[0]: is outside"],
  },
  {
    name: "loopback addresses",
    change: { overlays: [everywhere()], endpoints: [endpoint("a", ["127.0.0.1"]), endpoint("b", ["::1"])] },
    want: ["a spec.addresses[0]: is loopback", "b spec.addresses[0]: is loopback"],
  },
  {
    name: "no loopback address where they are allowed",
    change: { overlays: [everywhere()], endpoints: [endpoint("a", ["127.0.0.1"]), endpoint("b", ["::1"])] },
    options: { allowLoopback: true },
    want: [],
  },
  {
    name: "unspecified and multicast addresses, also where loopback is allowed",
    change: {
      overlays: [everywhere()],
      endpoints: [endpoint("a", ["0.0.0.0", "::"]), endpoint("b", ["224.0.0.1", "ff02::1", "255.255.255.255"])],
    },
    options: { allowLoopback: true },
    want: [
      ...["a spec.addresses[0]: is unspecified", "a spec.addresses[1]: is unspecified"],
      ...[
        "b spec.addresses[0]: is multicast",
        "b spec.addresses[1]: is multicast",
        "b spec.addresses[2]: is multicast",
      ],
    ],
  },
  {
    name: "text that is no address, and IPv4 written as IPv6",
    change: { endpoints: [endpoint("a", ["10.0.0.01", "::ffff:10.0.0.1"])] },
    want: ["a spec.addresses[0]: is not an IP", "a spec.addresses[1]: is not an IP"],
  },
  {
    name: "an endpoint without addresses",
    change: { endpoints: [endpoint("a", [])] },
    want: ["a spec.addresses: is empty"],
  },
  {
    name: "endpoints that share a name",
    change: { endpoints: [endpoint("a", ["10.0.0.1"]), endpoint("a", ["10.0.0.2"])] },
    want: ["a metadata.name: another endpoint", "a metadata.name: another endpoint"],
  },
  {
    name: "no endpoint of another overlay",
    change: { endpoints: [...world.endpoints, { ...endpoint("a", ["10.0.0.1"]), overlay: "other" }] },
    want: [],
  },
  {
    name: "endpoints of a namespace with two meanings",
    change: {
      namespaces: [
        { name: "n", labels: {} },
        { name: "n", labels: { team: "x" } },
      ],
    },
    want: ["a spec.namespace: this namespace is declared", "b spec.namespace: this namespace is declared"],
  },
  {
    name: "no endpoint of a namespace declared twice alike",
    change: {
      namespaces: [
        { name: "n", labels: { a: "1", b: "2" } },
        { name: "n", labels: { b: "2", a: "1" } },
      ],
    },
    want: [],
  },
  {
    name: "gateways that share a name, and so the path",
    change: { gateways: [...gateways, gateway("g")] },
    want: ["g metadata.name: another gateway", "o spec.path[0]: names gateway g", "g metadata.name: another gateway"],
  },
  {
    name: "a path through no gateway",
    change: { overlays: [{ ...overlay, path: [] }] },
    want: ["o spec.path: is empty"],
  },
  {
    name: "a path through an unknown gateway",
    change: { overlays: [{ ...overlay, path: ["g", "x"] }] },
    want: ["o spec.path[1]: names gateway x"],
  },
  {
    name: "a path through a gateway of another overlay",
    change: { gateways: [{ ...gateway("g"), overlays: ["other"] }, gateway("h")] },
    want: ["o spec.path[0]: names gateway g"],
  },
  {
    name: "a path that passes a gateway twice",
    change: { overlays: [{ ...overlay, path: ["g", "h", "g"] }] },
    want: ["o spec.path[2]: names gateway g twice"],
  },
  { name: "no path of 8 gateways", change: pathOf(8), want: [] },
  { name: "a path of 9 gateways", change: pathOf(9), want: ["o spec.path: names more than 8"] },
  {
    name: "gateways beyond the 255th by name, but those of the path",
    change: {
      gateways: [...gateways, ...Array.from({ length: 254 }, (_, i) => gateway(`a${String(i).padStart(3, "0")}`))],
    },
    want: ["a253 spec.overlays: overlay o has more than 255"],
  },
  {
    name: "overlays that share a name",
    change: { overlays: [overlay, { ...overlay, isolation: "Kubernetes" }] },
    want: ["o metadata.name: another overlay", "o metadata.name: another overlay"],
  },
  ...[
    { name: "gateways to pass that aren't there", via: ["g", "ghost"], want: "spec.via[1]: names gateway ghost" },
    { name: "a gateway to pass twice", via: ["g", "g"], want: "spec.via[1]: names gateway g twice" },
    { name: "no gateways to pass", via: [], want: "spec.via: is empty" },
    { name: "more gateways to pass than a path has", via: Array(9).fill("g"), want: "spec.via: names more than 8" },
  ].map(({ name, via, want }) => ({ name, change: { flowPolicies: [flowPolicy(via)] }, want: [`f ${want}`] })),
  {
    name: "policies that share a name",
    change: { policies: [...world.policies, policy({ ingress: [{ index: 0 }] })] },
    want: ["n/p metadata.name: another NetworkPolicy", "n/p metadata.name: another NetworkPolicy"],
  },
  {
    name: "a block that is none",
    change: { policies: [from({ kind: "block", cidr: "10.0.0.0/33", except: [] })] },
    want: ["n/p spec.ingress[0].from[0].ipBlock: is not a block"],
  },
  {
    name: "a block with an exception that is none",
    change: { policies: [from({ kind: "block", cidr: "10.0.0.0/8", except: ["10.0.0.0/24", "x"] })] },
    want: ["n/p spec.ingress[0].from[0].ipBlock: is not a block"],
  },
  {
    name: "a port range that ends before it begins",
    change: { policies: [on({ port: 80, endPort: 79 })] },
    want: [badPort()],
  },
  { name: "a range of a named port", change: { policies: [on({ port: "web", endPort: 90 })] }, want: [badPort()] },
  { name: "the end of a range without its begin", change: { policies: [on({ endPort: 90 })] }, want: [badPort()] },
  { name: "a port above 65535", change: { policies: [on({ port: 65536 })] }, want: [badPort()] },
  {
    name: "a table that would cost more than allowed",
    change: {},
    options: { limits: { steps: 0 } },
    want: ["o : its policies tell too many endpoints apart"],
  },
];

describe("rejects", () => {
  test.each(rows)("$name", ({ change, options, want }) => {
    const { rejections } = compile({ ...world, ...change }, "o", options);
    const texts = rejections.map(({ origin, field, message }) => `${origin.name} ${field}: ${message}`);
    expect(texts.map((text, i) => text.slice(0, want[i]?.length ?? text.length))).toEqual(want);
  });
});

test.each(rows.filter(({ want }) => want.length > 0))("allows no more after rejecting $name", ({ change, options }) => {
  const allowed = allowedFlows({ ...world, ...change }, options);
  expect(allowed.filter((flow) => !allowedFlows(world).includes(flow))).toEqual([]);
});

test("lets nothing through an overlay whose path is unusable", () => {
  const { policy } = compile({ ...world, overlays: [{ ...overlay, path: ["x"] }] }, "o");
  expect(policy.paths).toEqual([]);
});

test("throws for an overlay that the world doesn't have", () => {
  expect(() => compile(world, "x")).toThrow("no overlay x");
});

test("reports endpoints, gateways and policies of overlays that don't exist", () => {
  const elsewhere = { ...flowPolicy([]), overlay: "elsewhere" };
  const nowhere = { ...endpoint("b", []), overlay: "" };
  const lost = {
    ...{ ...world, overlays: [], gateways: [gateway("g")], flowPolicies: [elsewhere, flowPolicy([])] },
    endpoints: [endpoint("a", []), nowhere],
  };
  expect(strays(lost).map(({ origin, field }) => `${origin.name} ${field}`)).toEqual([
    "a spec.overlay",
    "g spec.overlays[0]",
    "f spec.overlay",
  ]);
  expect(strays(world)).toEqual([]);
});

/** Pairs that may talk on some of a few ports; addresses that are members of the world as it should be. */
function allowedFlows(changed: World, options?: CompileOptions): string[] {
  const { policy } = compile(changed, "o", options);
  if (policy.paths.length === 0) return [];
  const image = openImage(prepareImages(policy, sha256), policy.gateways[0] as CompiledGateway);
  const addresses = ["10.0.0.1", "10.0.0.2", "fd00::2", "192.0.2.1"];
  return addresses.flatMap((from) =>
    addresses.flatMap((to) =>
      [79, 80, 90, 443].flatMap((port) => {
        const verdict = image.decide(classOf(image, from), classOf(image, to), (6 << 16) | port, Side.Both);
        return verdict === Verdict.Allow ? [`${from} ${to} ${port}`] : [];
      }),
    ),
  );
}

function endpoint(name: string, addresses: string[]): OverlayEndpoint {
  const origin = { file: "f", line: 1, kind: "OverlayEndpoint", name };
  return {
    origin,
    name,
    overlay: "o",
    namespace: "n",
    labels: {},
    addresses,
    ports: [],
    identity: `spiffe://test/${name}`,
  };
}

function gateway(name: string): OverlayGateway {
  const origin = { file: "f", line: 1, kind: "OverlayGateway", name };
  return { origin, name, overlays: ["o"], addresses: ["10.9.0.1:1"], identity: `spiffe://test/${name}` };
}

function policy(rules: Pick<NetworkPolicy, "ingress" | "egress">): NetworkPolicy {
  const origin = { file: "f", line: 1, kind: "NetworkPolicy", name: "n/p" };
  return { origin, namespace: "n", name: "p", podSelector: EVERYTHING, ...rules };
}

/** Denies nobody anything; that it isn't decided is what counts. */
function flowPolicy(via: readonly string[]): FlowPolicy {
  const origin = { file: "f", line: 1, kind: "FlowPolicy", name: "f" };
  const subject = { namespaceSelector: EVERYTHING, podSelector: EVERYTHING };
  return { origin, name: "f", priority: 1, subject, directions: ["ingress"], action: "Allow", via };
}

function from(peer: Peer): NetworkPolicy {
  return policy({ ingress: [{ index: 0, peers: [peer] }] });
}

function on(port: Partial<PolicyPort>): NetworkPolicy {
  return policy({ ingress: [{ index: 0, ports: [{ protocol: "TCP", ...port } as PolicyPort] }] });
}

function badPort(): string {
  return "n/p spec.ingress[0].ports[0]: is not a port";
}

function everywhere() {
  return { ...overlay, cidr: ["0.0.0.0/0", "::/0"] };
}

function pathOf(length: number): Partial<World> {
  const path = Array.from({ length }, (_, i) => `g${i}`);
  return { overlays: [{ ...overlay, path }], gateways: path.map(gateway) };
}
