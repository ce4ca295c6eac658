import { createHash } from "node:crypto";
import { Sha256 } from "../../assembly/crypto/sha256.ts";
import { Expectation, Image, Side } from "../../assembly/decide/image.ts";
import { ImageFault } from "../../assembly/decide/image-check.ts";
import type { Verdict } from "../../assembly/decide/verdict.ts";
import { Role } from "../../assembly/wire/image.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledEndpoint, CompiledGateway } from "../../controller/compile/compiled.ts";
import { encodeImage } from "../../controller/image/encode.ts";
import { type PreparedImages, prepareImages } from "../../controller/image/prepare.ts";
import { parseAddress } from "../../controller/model/address.ts";
import type { World } from "../../controller/model/resources.ts";

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** Compiles, encodes, and opens a node's image as its filter would. */
export function openImage(prepared: PreparedImages, node: CompiledGateway | CompiledEndpoint): Image {
  const bytes = encodeImage(prepared, node, { term: 1, sequence: 1, notAfter: 1000, keys: [] });
  const want = new Expectation();
  want.node = new DataView(node.id.buffer, node.id.byteOffset, 8);
  want.overlay = prepared.policy.overlay.id;
  want.role = "gateway" in node ? Role.Gateway : Role.Endpoint;
  const image = new Image();
  const fault = image.open(bytes, bytes.length, want, new Sha256(), 1);
  if (fault !== ImageFault.None) throw new Error(`image refused: ${ImageFault[fault]}`);
  return image;
}

/** The image of a world's first gateway. */
export function gatewayImage(world: World): Image {
  const overlay = world.overlays[0];
  if (overlay === undefined) throw new Error("the world has no overlay");
  const { policy } = compile(world, overlay.name);
  return openImage(prepareImages(policy, sha256), policy.gateways[0] as CompiledGateway);
}

/** What an image says about a flow between two addresses; a key is `protocol << 16 | port`. */
export function decide(image: Image, from: string, to: string, key: number, side = Side.Both): Verdict {
  return image.decide(classOf(image, from), classOf(image, to), key, side);
}

export function classOf(image: Image, address: string): number {
  const bytes = parseAddress(address) as Uint8Array;
  return image.classOf(new DataView(bytes.buffer, bytes.byteOffset, 16), 0);
}

const nameBuffer = Buffer.alloc(512);

export function ruleName(image: Image, rule: number): string {
  return nameBuffer.toString("latin1", 0, image.copyRule(rule, nameBuffer));
}
