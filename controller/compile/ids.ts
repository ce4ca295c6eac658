import { nodeId, sha256 } from "../keys/derive.ts";
import type { OverlayEndpoint } from "../model/resources.ts";

const PATH_LABEL = new TextEncoder().encode("sallyport/1/path");

/**
 * Node id of an endpoint, by `cluster/namespace/name/uid`. Of one that is no pod of an API server's the overlay stands for
 * the cluster, the name for the uid.
 */
export function endpointId({ overlay, namespace, name, uid }: OverlayEndpoint, cluster: string): Uint8Array {
  return nodeId(
    uid === undefined ? `${overlay}/${namespace}/${name}/${name}` : `${cluster}/${namespace}/${name}/${uid}`,
  );
}

/** Node id of a gateway group. */
export function gatewayId(name: string): Uint8Array {
  return nodeId(`gateway/${name}`);
}

/** Path id: the first 4 bytes, big-endian, of SHA-256 over a label and the ids of the gateways in order. */
export function pathId(gateways: readonly Uint8Array[]): number {
  const message = new Uint8Array(PATH_LABEL.length + 8 * gateways.length);
  message.set(PATH_LABEL);
  gateways.forEach((id, i) => {
    message.set(id, PATH_LABEL.length + 8 * i);
  });
  return new DataView(sha256(message).buffer).getUint32(0);
}
