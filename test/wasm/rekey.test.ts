import { describe, expect, test } from "@jest/globals";
import { Secret } from "../../controller/keys/secret.ts";
import { draftAt, flowAt, type Place, signed } from "../host/flow.ts";
import { endpointNode, gatewayNode, giveImage, send } from "../host/nodes.ts";
import { EPOCH_SECONDS, START_SECONDS, shopWith } from "../host/shop.ts";

const OTHER_MASTER = new Secret(new Uint8Array(32).fill(9));
const rekeyed = shopWith({ keyGeneration: 4 });

/** Nodes that verify stamps, and the counter of what they refuse. */
const places = [
  { place: "first hop", start: () => gatewayNode("edge-a"), role: "gate", node: "edge-a" },
  { place: "second hop", start: () => gatewayNode("edge-b"), role: "gate", node: "edge-b" },
  { place: "delivery", start: () => endpointNode("api", "verify"), role: "verify", node: "api" },
] as const;

const withStamp = (place: Place, stamp: string) => ({ ...flowAt(place), stamps: [stamp] });

describe.each(places)("at $place", ({ place, start, role, node }) => {
  const old = flowAt(place);

  test("after a re-key only stamps under the new keys pass", () => {
    const proxy = start();
    expect(send(proxy, old).state).toBe("continued");
    giveImage(proxy, rekeyed.image(node, { sequence: 2 }));
    expect(send(proxy, old).wasContinued).toBe(false);
    expect(proxy.counter(`sallyport.${role}.stamp-key-generation`)).toBe(1);
    const draft = { ...draftAt(place), keyGeneration: 4 };
    expect(send(proxy, withStamp(place, signed(rekeyed, draft))).state).toBe("continued");
    // The new generation's number doesn't make up for the old generation's key.
    expect(send(proxy, withStamp(place, signed(rekeyed, draft, draftAt(place)))).wasContinued).toBe(false);
    expect(proxy.counter(`sallyport.${role}.stamp-tag`)).toBe(1);
  });

  test("keys of the image before are good for nothing once another has others for the same epoch and peer", () => {
    const proxy = start();
    for (let i = 0; i < 3; i++) expect(send(proxy, old).state).toBe("continued");
    giveImage(proxy, shopWith().image(node, { sequence: 2, master: OTHER_MASTER }));
    expect(send(proxy, old).wasContinued).toBe(false);
    expect(proxy.counter(`sallyport.${role}.stamp-tag`)).toBe(1);
    const stamp = signed(shopWith(), draftAt(place), draftAt(place), OTHER_MASTER);
    for (let i = 0; i < 3; i++) expect(send(proxy, withStamp(place, stamp)).state).toBe("continued");
    expect(send(proxy, old).wasContinued).toBe(false);
  });

  test("keys of an epoch go when an image comes without them", () => {
    const proxy = start();
    const draft = draftAt(place);
    const before = signed(shopWith(), { ...draft, epoch: draft.epoch - 1 });
    expect(send(proxy, withStamp(place, before)).state).toBe("continued");
    giveImage(proxy, shopWith().image(node, { sequence: 2, at: START_SECONDS + EPOCH_SECONDS }));
    expect(send(proxy, withStamp(place, before)).wasContinued).toBe(false);
    expect(proxy.counter(`sallyport.${role}.key-missing`)).toBe(1);
    expect(send(proxy, old).state).toBe("continued");
  });

  test("each of the epochs around now has its own keys, in any order", () => {
    const proxy = start();
    const draft = draftAt(place);
    for (const off of [0, 1, -1, 0, -1, 1, 0]) {
      const epoch = draft.epoch + off;
      expect(send(proxy, withStamp(place, signed(shopWith(), { ...draft, epoch }))).state).toBe("continued");
      expect(
        send(proxy, withStamp(place, signed(shopWith(), { ...draft, epoch }, { ...draft, epoch: epoch + 1 })))
          .wasContinued,
      ).toBe(false);
    }
  });

  test("time passes from epoch to epoch on one image, and stamps with it", () => {
    const proxy = start();
    for (let epochs = 0; epochs < 5; epochs++) {
      const now = START_SECONDS + epochs * EPOCH_SECONDS;
      proxy.nowMs = now * 1000;
      const epoch = Math.floor(now / EPOCH_SECONDS);
      const stream = send(proxy, withStamp(place, signed(shopWith(), { ...draftAt(place), epoch, issued: now })));
      expect(stream.state).toBe("continued");
      const made = stream.header("sallyport-stamp");
      if (made !== undefined) expect(Buffer.from(made, "base64url").readUInt32BE(8)).toBe(epoch);
    }
  });
});

test("peers in numbers don't get each other's keys", () => {
  const proxy = gatewayNode("edge-a");
  const peers = [
    { name: "web", address: "10.77.0.11" },
    { name: "twin", address: "10.77.0.14" },
  ] as const;
  for (let round = 0; round < 50; round++) {
    for (const { name, address } of peers) {
      const draft = { ...draftAt("first hop"), sourceNode: name, stampingNode: name, sourceAddress: address };
      const peer = { identity: shopWith().identity(name), address: `${address}:41000` };
      const right = { ...flowAt("first hop"), stamps: [signed(shopWith(), draft)], peer };
      expect(send(proxy, right).state).toBe("continued");
      if (round % 10 !== 0) continue;
      const others = peers.find((other) => other.name !== name)?.name as string;
      const wrong = { ...right, stamps: [signed(shopWith(), draft, { ...draft, stampingNode: others })] };
      expect(send(proxy, wrong).wasContinued).toBe(false);
    }
  }
});

test("a sender stamps under the keys of its newest image", () => {
  const web = endpointNode("web", "stamp");
  const made = () => send(web, flowAt("outbound")).filterState.get("wasm.sallyport_stamp") as string;
  const before = made();
  giveImage(web, shopWith().image("web", { sequence: 2, master: OTHER_MASTER }));
  const after = made();
  const gate = gatewayNode("edge-a");
  expect([before, after].map((stamp) => send(gate, withStamp("first hop", stamp)).wasContinued)).toEqual([true, false]);
  giveImage(gate, shopWith().image("edge-a", { sequence: 2, master: OTHER_MASTER }));
  expect([before, after].map((stamp) => send(gate, withStamp("first hop", stamp)).wasContinued)).toEqual([false, true]);
});
