import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledEndpoint, CompiledGateway } from "../../controller/compile/compiled.ts";
import { encodeImage } from "../../controller/image/encode.ts";
import { KeyRing } from "../../controller/image/keys.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { sha256 } from "../host/decisions.ts";
import { drawImage } from "../host/image-picture.ts";
import { fromHex, readVectors, toHex } from "../host/vectors.ts";

interface ImageVectors {
  readonly master: string;
  readonly epoch: number;
  readonly term: number;
  readonly sequence: number;
  readonly images: Record<string, string>;
}

const vectors = readVectors<ImageVectors>("image");
const golden = (name: string) => new URL(`../golden/image/${name}`, import.meta.url);
const { world } = decodeWorld([{ file: "world.yaml", text: readFileSync(golden("world.yaml"), "utf8") }]);
const { policy, rejections } = compile(world, "vector");
const prepared = prepareImages(policy, sha256);

/** `REGENERATE=1` writes the images and their pictures anew; read the difference before you commit it. */
if (process.env.REGENERATE !== undefined) regenerate();

test("rejects nothing of the vectors' world", () => expect(rejections).toEqual([]));

describe.each(Object.entries(vectors.images))("the image of %s", (name, hex) => {
  test("is the one of the vectors", () => expect(toHex(imageOf(name))).toBe(hex));

  test("reads as its picture", () => {
    expect(drawImage(fromHex(hex))).toBe(readFileSync(golden(`${name}.txt`), "utf8"));
  });
});

function imageOf(name: string): Uint8Array {
  const { master, epoch, term, sequence } = vectors;
  const ring = new KeyRing(policy, new Secret(fromHex(master)));
  const node = nodeOf(name);
  return encodeImage(prepared, node, {
    term,
    sequence,
    notAfter: ring.notAfter(epoch),
    keys: ring.keysOf(node, epoch),
  });
}

function nodeOf(name: string): CompiledGateway | CompiledEndpoint {
  const gateway = policy.gateways.find((one) => one.gateway.name === name);
  return gateway ?? (policy.endpoints.find(({ endpoint }) => endpoint.name === name) as CompiledEndpoint);
}

function regenerate(): void {
  const images = Object.fromEntries(Object.keys(vectors.images).map((name) => [name, toHex(imageOf(name))]));
  const text = JSON.stringify({ ...vectors, images }, null, 1);
  writeFileSync(new URL("../vectors/image.json", import.meta.url), `${text}\n`);
  for (const name of Object.keys(images)) writeFileSync(golden(`${name}.txt`), drawImage(imageOf(name)));
}
