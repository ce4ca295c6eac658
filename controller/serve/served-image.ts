import type { IssuedImage } from "../image/issuer.ts";
import type { OverlayGateway } from "../model/resources.ts";
import type { NodeImage } from "./published.ts";

/**
 * Issued images as the image server publishes them, by node id in hex. `replicasOf` has the addresses of a gateway's
 * replicas, canonical.
 */
export function servedImages(
  images: ReadonlyMap<string, IssuedImage>,
  replicasOf: (gateway: OverlayGateway) => readonly string[] = writtenReplicas,
): ReadonlyMap<string, NodeImage> {
  return new Map([...images].map(([id, image]) => [id, served(image, replicasOf)]));
}

function served(
  { node, generation, parts }: IssuedImage,
  replicasOf: (gateway: OverlayGateway) => readonly string[],
): NodeImage {
  const { identity } = "gateway" in node ? node.gateway : node.endpoint;
  const addresses = "gateway" in node ? replicasOf(node.gateway) : node.endpoint.addresses;
  return { identity, addresses, generation, parts };
}

/** The hosts of `ip:port` and `[ip]:port`. */
export function writtenReplicas({ addresses }: OverlayGateway): string[] {
  return addresses.map((address) => address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, ""));
}
