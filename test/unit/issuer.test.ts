import { describe, expect, test } from "@jest/globals";
import { KeyPurpose } from "../../assembly/wire/image.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway, CompiledPolicy } from "../../controller/compile/compiled.ts";
import { encodeImage } from "../../controller/image/encode.ts";
import { ImageIssuer, type IssuedImage } from "../../controller/image/issuer.ts";
import { KeyRing } from "../../controller/image/keys.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { endpointKey, epochKey, gatewayKey, transitKey } from "../../controller/keys/derive.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { hexId } from "../../controller/model/hex.ts";
import { EMPTY_WORLD, type NetworkPolicy, type OverlayEndpoint, type World } from "../../controller/model/resources.ts";
import { sha256 } from "../host/decisions.ts";
import { toHex } from "../host/vectors.ts";
import { gateways, overlay } from "../host/vocabulary.ts";

const MASTER = new Secret(new Uint8Array(32).fill(1));
const EPOCH = 3600;
const NOW = 100 * EPOCH;

const endpoints = ["a", "b"].map((name, i): OverlayEndpoint => {
  const origin = { file: "f", line: 1, kind: "OverlayEndpoint", name };
  const identity = `spiffe://test/${name}`;
  return {
    origin,
    name,
    overlay: "o",
    namespace: "n",
    labels: { app: name },
    addresses: [`10.0.0.${i}`],
    ports: [],
    identity,
  };
});
const world: World = {
  ...EMPTY_WORLD,
  overlays: [overlay],
  gateways,
  endpoints,
  namespaces: [],
  policies: [policyOn("a"), policyOn("b")],
};
const before = compile(world, "o").policy;

describe("issuing again", () => {
  test("keeps the generation of all where nothing changed", () => {
    expect(raised(before, before)).toEqual([]);
  });

  test("raises the generation of those whose rules changed: gateways and that endpoint", () => {
    const after = compile(
      { ...world, policies: [{ ...policyOn("a"), ingress: [{ index: 0 }] }, policyOn("b")] },
      "o",
    ).policy;
    expect(raised(before, after)).toEqual(["a", "g", "h"]);
  });

  test.each([
    ["in the next epoch", NOW + EPOCH, MASTER],
    ["with another master key", NOW, new Secret(new Uint8Array(32).fill(2))],
  ])("raises the generation of all %s", (_, now, master) => {
    expect(raised(before, before, now, master)).toEqual(["a", "b", "g", "h"]);
  });

  test("keeps the generation of all within an epoch", () => {
    expect(raised(before, before, NOW + EPOCH - 1)).toEqual([]);
  });

  test("raises the generation of all after an emergency", () => {
    const after = compile(
      { ...world, overlays: [{ ...overlay, keys: { ...overlay.keys, keyGeneration: 1 } }] },
      "o",
    ).policy;
    expect(raised(before, after)).toEqual(["a", "b", "g", "h"]);
  });
});

test("issues the images that encodeImage encodes, also under a generation that was kept", () => {
  const issuer = new ImageIssuer(3, sha256);
  issuer.issue([{ policy: before, master: MASTER }], NOW);
  const images = issuer.issue([{ policy: before, master: MASTER }], NOW);
  const prepared = prepareImages(before, sha256);
  const ring = new KeyRing(before, MASTER);
  for (const { node, generation, parts } of images.values()) {
    const issue = { term: 3, sequence: 1, notAfter: ring.notAfter(100), keys: ring.keysOf(node, 100) };
    expect(toHex(Buffer.concat(parts()))).toBe(toHex(encodeImage(prepared, node, issue)));
    expect(generation).toBe((3n << 32n) | 1n);
  }
});

describe("a key ring gives", () => {
  const [g, h] = before.gateways as [CompiledGateway, CompiledGateway];
  const [a] = before.endpoints as [CompiledPolicy["endpoints"][number]];
  const ring = new KeyRing(before, MASTER);
  const kinds = (keys: ReturnType<KeyRing["keysOf"]>) => {
    return keys
      .filter(({ epoch }) => epoch === 100)
      .map(({ purpose, peer }) => `${KeyPurpose[purpose]} ${hexId(peer)}`);
  };

  test("an endpoint its keys with the first and the last gateway", () => {
    expect(kinds(ring.keysOf(a, 100))).toEqual([`Endpoint ${hexId(g.id)}`, `Delivery ${hexId(h.id)}`]);
  });

  test("a gateway its own key and those with its neighbours", () => {
    expect(kinds(ring.keysOf(g, 100))).toEqual([`Gateway ${hexId(g.id)}`, `TransitOut ${hexId(h.id)}`]);
    expect(kinds(ring.keysOf(h, 100))).toEqual([`Gateway ${hexId(h.id)}`, `TransitIn ${hexId(g.id)}`]);
  });

  test("a gateway on no path its own key alone", () => {
    const alone = compile({ ...world, overlays: [{ ...overlay, path: ["h"] }] }, "o").policy;
    const other = alone.gateways[1] as CompiledGateway;
    expect(kinds(new KeyRing(alone, MASTER).keysOf(other, 100))).toEqual([`Gateway ${hexId(other.id)}`]);
  });

  test("keys of the previous epoch, the current one and the horizon", () => {
    const epochs = new Set(ring.keysOf(a, 100).map(({ epoch }) => epoch));
    expect([...epochs]).toEqual([99, 100, 101, 102, 103, 104, 105, 106]);
    expect(ring.notAfter(100)).toBe(107 * EPOCH);
    expect(new Set(ring.keysOf(a, 0).map(({ epoch }) => epoch)).has(-1)).toBe(false);
  });

  test("the keys of the derivation", () => {
    const root = epochKey(MASTER, overlay.id, 100, 0);
    const find = (keys: ReturnType<KeyRing["keysOf"]>, purpose: KeyPurpose) => {
      return toHex(keys.find((key) => key.epoch === 100 && key.purpose === purpose)?.key ?? new Uint8Array(0));
    };
    const upper = gatewayKey(root, g.id);
    expect(find(ring.keysOf(a, 100), KeyPurpose.Endpoint)).toBe(toHex(endpointKey(upper, a.id).reveal()));
    expect(find(ring.keysOf(g, 100), KeyPurpose.Gateway)).toBe(toHex(upper.reveal()));
    expect(find(ring.keysOf(g, 100), KeyPurpose.TransitOut)).toBe(toHex(transitKey(root, g.id, h.id).reveal()));
    expect(find(ring.keysOf(h, 100), KeyPurpose.TransitIn)).toBe(toHex(transitKey(root, g.id, h.id).reveal()));
  });
});

/** Names of the nodes that get a newer generation when `second` is issued after `first`. */
function raised(first: CompiledPolicy, second: CompiledPolicy, now = NOW, master = MASTER): string[] {
  const issuer = new ImageIssuer(1, sha256);
  const old = issuer.issue([{ policy: first, master: MASTER }], NOW);
  const images = [...issuer.issue([{ policy: second, master }], now)];
  const newer = images.filter(([id, { generation }]) => generation > (old.get(id)?.generation ?? -1n));
  return newer.map(([, image]) => nameOf(image)).sort();
}

function nameOf({ node }: IssuedImage): string {
  return "gateway" in node ? node.gateway.name : node.endpoint.name;
}

function policyOn(app: string): NetworkPolicy {
  const origin = { file: "f", line: 1, kind: "NetworkPolicy", name: `n/${app}` };
  const podSelector = { requirements: [{ key: "app", operator: "In" as const, values: [app] }] };
  return { origin, namespace: "n", name: app, podSelector, ingress: [] };
}
