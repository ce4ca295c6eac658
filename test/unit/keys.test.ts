import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { deliveryKey, endpointKey, epochKey, gatewayKey, nodeId, transitKey } from "../../controller/keys/derive.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { nodeIdOf, stampVectors } from "../host/stamp-vectors.ts";
import { fromHex, toHex } from "../host/vectors.ts";

const hex = (secret: Secret): string => toHex(secret.reveal());

describe("node ids", () => {
  test.each(Object.entries(stampVectors.nodes))("are known: %s", (name, id) => {
    expect(toHex(nodeId(name))).toBe(id);
  });
});

describe.each(stampVectors.keys)("keys of epoch $epoch, generation $keyGeneration", (row) => {
  const ofEpoch = epochKey(
    new Secret(fromHex(stampVectors.master)),
    stampVectors.overlay,
    row.epoch,
    row.keyGeneration,
  );

  test("are known: of the epoch", () => {
    expect(hex(ofEpoch)).toBe(row.epochKey);
  });

  test.each(Object.entries(row.gatewayKey))("are known: of gateway %s", (name, key) => {
    expect(hex(gatewayKey(ofEpoch, nodeIdOf(name)))).toBe(key);
  });

  test.each(Object.entries(row.transitKey))("are known: of transit %s", (pair, key) => {
    const [from = "", to = ""] = pair.split(">");
    expect(hex(transitKey(ofEpoch, nodeIdOf(from), nodeIdOf(to)))).toBe(key);
  });

  test.each(Object.entries(row.endpointKey))("are known: of endpoint %s", (pair, key) => {
    const [node = "", gateway = ""] = pair.split("@");
    expect(hex(endpointKey(gatewayKey(ofEpoch, nodeIdOf(gateway)), nodeIdOf(node)))).toBe(key);
  });

  test.each(Object.entries(row.deliveryKey))("are known: of delivery %s", (pair, key) => {
    const [node = "", gateway = ""] = pair.split("@");
    expect(hex(deliveryKey(gatewayKey(ofEpoch, nodeIdOf(gateway)), nodeIdOf(node)))).toBe(key);
  });
});

describe("a secret", () => {
  const secret = new Secret(fromHex("00112233"));

  test.each([
    { name: "String()", shown: String(secret) },
    { name: "a template", shown: `${secret}` },
    { name: "JSON", shown: JSON.stringify({ secret }) },
    { name: "inspection", shown: inspect({ secret }, { showHidden: true, depth: null }) },
    { name: "an error's cause", shown: inspect(new Error("x", { cause: secret })) },
    { name: "its own properties", shown: JSON.stringify({ ...secret }) },
  ])("does not show itself in $name", ({ shown }) => {
    expect(shown).not.toMatch(/0011|17,|34, ?51|0x11|"1":/);
  });

  test("is the text [secret] where one is needed", () => {
    expect(`${secret}`).toBe("[secret]");
  });

  test("keeps its own copy", () => {
    const bytes = fromHex("0011");
    const copy = new Secret(bytes);
    bytes.fill(0xff);
    expect(hex(copy)).toBe("0011");
  });
});
