import type { IssuedImage } from "../image/issuer.ts";
import type { NodeImage } from "./published.ts";

/** Issued images as the image server publishes them, by node id in hex. */
export function servedImages(images: ReadonlyMap<string, IssuedImage>): ReadonlyMap<string, NodeImage> {
  return new Map([...images].map(([id, image]) => [id, served(image)]));
}

function served({ node, generation, parts }: IssuedImage): NodeImage {
  if ("gateway" in node) {
    const addresses = node.gateway.addresses.map((address) =>
      address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, ""),
    );
    return { identity: node.gateway.identity, addresses, generation, parts };
  }
  return { identity: node.endpoint.identity, addresses: node.endpoint.addresses, generation, parts };
}
