import type { OverlayEndpoint } from "../model/resources.ts";

/** SHA-256 of bytes; an argument because pure code doesn't import an implementation. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Node id of an endpoint: the first 8 bytes of SHA-256 over `cluster/namespace/name/uid`. */
export function endpointId({ overlay, namespace, name }: OverlayEndpoint, sha256: Sha256): Uint8Array {
  return sha256(ascii(`${overlay}/${namespace}/${name}/${name}`)).slice(0, 8);
}

/** Node id of a gateway group. */
export function gatewayId(name: string, sha256: Sha256): Uint8Array {
  return sha256(ascii(`gateway/${name}`)).slice(0, 8);
}

/** Path id: the first 4 bytes, big-endian, of SHA-256 over a label and the ids of the gateways in order. */
export function pathId(gateways: readonly Uint8Array[], sha256: Sha256): number {
  const label = ascii("sallyport/1/path");
  const message = new Uint8Array(label.length + 8 * gateways.length);
  message.set(label);
  gateways.forEach((id, i) => message.set(id, label.length + 8 * i));
  return new DataView(sha256(message).slice(0, 4).buffer).getUint32(0);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
