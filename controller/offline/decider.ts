import { Sha256 } from "../../assembly/crypto/sha256.ts";
import { Expectation, Image, type Side } from "../../assembly/decide/image.ts";
import { ImageFault } from "../../assembly/decide/image-check.ts";
import type { Verdict } from "../../assembly/decide/verdict.ts";
import { Role } from "../../assembly/wire/image.ts";
import type { CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import { gatewayId } from "../compile/ids.ts";
import { loadPortableWasm } from "../decide-wasm/portable-wasm.ts";
import { encodeImage } from "../image/encode.ts";
import { prepareImages } from "../image/prepare.ts";
import { sha256 } from "../keys/derive.ts";

/** Decides flows by the image of a gateway, which holds everybody's policy. */
export interface Decider {
  /** Class of a 16-byte address. */
  classOf(address: Uint8Array): number;
  /** What policy says to a flow between two classes; the key is `protocol << 16 | port`. */
  decide(source: number, destination: number, key: number, sides: Side): Verdict;
}

export type Engine = "node" | "wasm";

/** Any gateway does, so that overlays without gateways can be asked too. */
export const ASKER: CompiledGateway = {
  gateway: {
    origin: { file: "", line: 1, kind: "OverlayGateway", name: "asker" },
    name: "asker",
    overlays: [],
    addresses: [],
    identity: "spiffe://sallyport/asker",
  },
  id: gatewayId("asker"),
};
const NOW = 1;
const ISSUE = { term: 1, sequence: 1, notAfter: NOW + 1, keys: [] };

/** The image that a gateway of this policy would have, opened by the filters' own code. */
export function gatewayImage(policy: CompiledPolicy): Image {
  return opened(encoded(policy), policy.overlay.id);
}

/** `node` runs the filters' code as TypeScript, `wasm` as compiled; both read the same image. */
export function deciderOf(policy: CompiledPolicy, engine: Engine, codeFolder: string): Promise<Decider> {
  const bytes = encoded(policy);
  const { id } = policy.overlay;
  return engine === "node" ? Promise.resolve(nodeDecider(opened(bytes, id))) : wasmDecider(bytes, id, codeFolder);
}

function encoded(policy: CompiledPolicy): Uint8Array {
  return encodeImage(prepareImages(policy, sha256), ASKER, ISSUE);
}

function opened(bytes: Uint8Array, overlay: number): Image {
  const want = new Expectation();
  want.node = new DataView(ASKER.id.buffer, ASKER.id.byteOffset, 8);
  want.overlay = overlay;
  want.role = Role.Gateway;
  const image = new Image();
  accept(image.open(bytes, bytes.length, want, new Sha256(), NOW));
  return image;
}

function nodeDecider(image: Image): Decider {
  return {
    classOf: (address) => image.classOf(new DataView(address.buffer, address.byteOffset, 16), 0),
    decide: (source, destination, key, sides) => image.decide(source, destination, key, sides),
  };
}

async function wasmDecider(bytes: Uint8Array, overlay: number, codeFolder: string): Promise<Decider> {
  const portable = await loadPortableWasm(codeFolder);
  accept(portable.openImage(bytes, ASKER.id, overlay, Role.Gateway, NOW));
  return {
    classOf: (address) => portable.imageClassOf(address),
    decide: (source, destination, key, sides) => portable.imageDecide(source, destination, key, sides),
  };
}

function accept(fault: ImageFault): void {
  if (fault !== ImageFault.None) throw new Error(`the image just encoded was refused: ${ImageFault[fault]}`);
}
