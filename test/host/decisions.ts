import { createHash } from "node:crypto";
import { Sha256 } from "../../assembly/crypto/sha256.ts";
import { Expectation, Image } from "../../assembly/decide/image.ts";
import { ImageFault } from "../../assembly/decide/image-check.ts";
import { Role } from "../../assembly/wire/image.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledEndpoint, CompiledGateway } from "../../controller/compile/compiled.ts";
import { encodeImage, type Issue } from "../../controller/image/encode.ts";
import { type PreparedImages, prepareImages } from "../../controller/image/prepare.ts";
import { parseAddress } from "../../controller/model/address.ts";
import type { World } from "../../controller/model/resources.ts";
import type { Portable } from "./portable.ts";

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

const ISSUE: Issue = { term: 1, sequence: 1, notAfter: 1000, keys: [] };

/** Encodes and opens a node's image as its filter would. */
export function openImage(prepared: PreparedImages, node: CompiledGateway | CompiledEndpoint): Image {
  return openBytes(encodeImage(prepared, node, ISSUE), prepared.policy.overlay.id, node);
}

/** Opens an image as the filter of that node would. */
export function openBytes(bytes: Uint8Array, overlay: number, node: CompiledGateway | CompiledEndpoint): Image {
  const want = new Expectation();
  want.node = new DataView(node.id.buffer, node.id.byteOffset, 8);
  want.overlay = overlay;
  want.role = "gateway" in node ? Role.Gateway : Role.Endpoint;
  const image = new Image();
  const fault = image.open(bytes, bytes.length, want, new Sha256(), 1);
  if (fault !== ImageFault.None) throw new Error(`image refused: ${ImageFault[fault]}`);
  return image;
}

/** Opens the image of a world's first gateway as the one image of portable code. */
export function openGatewayImage(portable: Portable, world: World): void {
  const { policy } = compile(world, world.overlays[0]?.name ?? "");
  const gateway = policy.gateways[0] as CompiledGateway;
  const bytes = encodeImage(prepareImages(policy, sha256), gateway, ISSUE);
  portable.resetImage();
  const fault = portable.openImage(bytes, gateway.id, policy.overlay.id, Role.Gateway, 1);
  if (fault !== ImageFault.None) throw new Error(`image refused: ${ImageFault[fault]}`);
}

export function classOf(image: Image, address: string): number {
  const bytes = parseAddress(address) as Uint8Array;
  return image.classOf(new DataView(bytes.buffer, bytes.byteOffset, 16), 0);
}

const nameBuffer = Buffer.alloc(512);

export function ruleName(image: Image, rule: number): string {
  return nameBuffer.toString("latin1", 0, image.copyRule(rule, nameBuffer));
}
