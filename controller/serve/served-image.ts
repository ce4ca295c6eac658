import type { IssuedImage } from "../image/issuer.ts";
import type { OverlayGateway } from "../model/resources.ts";
import type { NodeImage } from "./published.ts";

/**
 * Issued images as the image server publishes them, by node id in hex. `replicasOf` has the addresses of a gateway's
 * replicas, canonical; `arePodsBound`: pods get theirs at their own addresses only.
 */
export function servedImages(
  images: ReadonlyMap<string, IssuedImage>,
  replicasOf: (gateway: OverlayGateway) => readonly string[] = writtenReplicas,
  arePodsBound = false,
): ReadonlyMap<string, NodeImage> {
  return new Map([...images].map(([id, image]) => [id, served(image, replicasOf, arePodsBound)]));
}

function served(
  { node, generation, parts }: IssuedImage,
  replicasOf: (gateway: OverlayGateway) => readonly string[],
  arePodsBound: boolean,
): NodeImage {
  if ("gateway" in node)
    return { identity: node.gateway.identity, addresses: replicasOf(node.gateway), generation, parts };
  const { identity, addresses, origin } = node.endpoint;
  // A service account has pods that are no members too, and its token may be taken elsewhere.
  return { identity, addresses, onlyFromAddresses: arePodsBound && origin.kind === "Pod", generation, parts };
}

/** The hosts of `ip:port` and `[ip]:port`. */
export function writtenReplicas({ addresses }: OverlayGateway): string[] {
  return addresses.map((address) => address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, ""));
}
