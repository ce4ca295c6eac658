/** Plain functions over one image, so that tests call both languages alike. */
import { Sha256 } from "../crypto/sha256.ts";
import { Expectation, Image } from "../decide/image.ts";
import { copyBytes } from "../wire/bytes.ts";
import { NONE } from "../wire/image.ts";

let image = new Image();
const sha = new Sha256();
const want = new Expectation();
const addressBytes = new Uint8Array(16);
const address = new DataView(addressBytes.buffer);
const wantedNode = new Uint8Array(8);

/** Forgets the image in force. */
export function resetImage(): void {
  image = new Image();
}

/** Opens an image as its node would; an ImageFault. */
export function openImage(bytes: Uint8Array, node: Uint8Array, overlay: u32, role: u32, now: u32): i32 {
  copyBytes(node, 0, wantedNode, 0, 8);
  want.node = new DataView(wantedNode.buffer);
  want.overlay = overlay;
  want.role = role;
  return image.open(bytes, bytes.length, want, sha, now);
}

/** Class of a 16-byte address. */
export function imageClassOf(bytes: Uint8Array): u32 {
  copyBytes(bytes, 0, addressBytes, 0, 16);
  return image.classOf(address, 0);
}

/** A Verdict on a flow between two classes. */
export function imageDecide(source: u32, destination: u32, key: u32, sides: i32): i32 {
  return image.decide(source, destination, key, sides);
}

export function imageEgressRule(): u32 {
  return image.egressRule;
}

export function imageIngressRule(): u32 {
  return image.ingressRule;
}

/** How many gateways the flow of the last `imageDecide` passes. */
export function imagePathLength(): u32 {
  return image.pathLength(image.path);
}

/** Node id of one of them, 8 bytes. */
export function imagePathNode(hop: i32): Uint8Array {
  const node = new Uint8Array(8);
  const gateway = image.gatewayOn(image.path, hop);
  if (gateway != NONE) image.copyGatewayNode(gateway, new DataView(node.buffer), 0);
  return node;
}

/** Audit of the last `imageDecide`. */
export function imageAudit(): i32 {
  return image.audit;
}

/** Rule of that audit. */
export function imageAuditRule(): u32 {
  return image.auditRule;
}

/** ASCII name of a rule. */
export function imageRuleName(rule: u32): Uint8Array {
  const name = new Uint8Array(512);
  return name.slice(0, image.copyRule(rule, name));
}

/** Decides `times` flows between pseudo-random classes below `classes`, to measure; how many were allowed. */
export function repeatImageDecide(classes: u32, key: u32, times: i32): i32 {
  let allowed = 0;
  let random: u32 = 1;
  for (let i = 0; i < times; i++) {
    random = next(random);
    const source = random % classes;
    random = next(random);
    if (image.decide(source, random % classes, key, 3) == 1) allowed++;
  }
  return allowed;
}

/** Xorshift. */
function next(random: u32): u32 {
  let x = (random ^ (random << 13)) >>> 0;
  x = (x ^ (x >>> 17)) >>> 0;
  return (x ^ (x << 5)) >>> 0;
}
