import { describe, expect, test } from "@jest/globals";
import { bothRuntimes } from "../host/portable.ts";
import { nodeIdOf, stampVectors } from "../host/stamp-vectors.ts";
import { fromHex, fromLatin1, toHex } from "../host/vectors.ts";

describe.each(await bothRuntimes())("keys in $name", ({ portable }) => {
  const derive = (key: string, label: string, ...context: Uint8Array[]): string => {
    const message = Buffer.concat([fromLatin1(`sallyport/1/${label}`), ...context]);
    return toHex(portable.hmacSha256(fromHex(key), new Uint8Array(message)));
  };

  test.each(Object.entries(stampVectors.nodes))("are for the known node %s", (name, id) => {
    expect(toHex(portable.sha256(fromLatin1(name), 0).slice(0, 8))).toBe(id);
  });

  test.each(stampVectors.keys)("are known: epoch $epoch, generation $keyGeneration", (row) => {
    const context = Buffer.alloc(9);
    context.writeUInt32BE(stampVectors.overlay, 0);
    context.writeUInt32BE(row.epoch, 4);
    context.writeUInt8(row.keyGeneration, 8);
    expect(derive(stampVectors.master, "epoch", context)).toBe(row.epochKey);
    for (const [name, key] of Object.entries(row.gatewayKey)) {
      expect(derive(row.epochKey, "gateway", nodeIdOf(name))).toBe(key);
    }
    for (const [pair, key] of Object.entries(row.transitKey)) {
      expect(derive(row.epochKey, "transit", ...pair.split(">").map(nodeIdOf))).toBe(key);
    }
  });

  test.each(stampVectors.keys)("are derived by a gateway: epoch $epoch, generation $keyGeneration", (row) => {
    for (const [pair, key] of Object.entries(row.endpointKey)) {
      const [node = "", gateway = ""] = pair.split("@");
      expect(toHex(portable.endpointKey(fromHex(row.gatewayKey[gateway] ?? ""), nodeIdOf(node)))).toBe(key);
    }
    for (const [pair, key] of Object.entries(row.deliveryKey)) {
      const [node = "", gateway = ""] = pair.split("@");
      expect(toHex(portable.deliveryKey(fromHex(row.gatewayKey[gateway] ?? ""), nodeIdOf(node)))).toBe(key);
    }
  });
});
