/** The image service that the chains' filters poll: the real server with the real issuer. */
import { createHash, randomBytes } from "node:crypto";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../../controller/compile/compiled.ts";
import { encodeImage } from "../../controller/image/encode.ts";
import { KeyRing } from "../../controller/image/keys.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { hexId } from "../../controller/model/hex.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import type { Authority } from "../../controller/serve/authority.ts";
import { ImageServer } from "../../controller/serve/image-server.ts";
import type { NodeImage } from "../../controller/serve/published.ts";

export const CONTROLLER_IDENTITY = "spiffe://bench/controller";

/** Publishes the images of the nodes that run; those of the rest of a world are never asked for. */
export async function serveImages(authority: Authority, policies: readonly CompiledPolicy[]): Promise<ImageServer> {
  const server = new ImageServer({
    certificate: await authority.issue(CONTROLLER_IDENTITY),
    clock: { now: () => Date.now() },
  });
  await server.listen(CONTROLLER_ADDRESS, CONTROL_PORT);
  server.publish(new Map(policies.flatMap((policy) => localImages(policy))));
  return server;
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function localImages(policy: CompiledPolicy): [string, NodeImage][] {
  const prepared = prepareImages(policy, sha256);
  const ring = new KeyRing(policy, new Secret(randomBytes(32)));
  const epoch = Math.floor(Date.now() / 1000 / policy.overlay.keys.epochSeconds);
  const image = (node: CompiledEndpoint | CompiledGateway, identity: string): [string, NodeImage] => {
    const bytes = encodeImage(prepared, node, {
      term: 1,
      sequence: 1,
      notAfter: ring.notAfter(epoch),
      keys: ring.keysOf(node, epoch),
    });
    return [hexId(node.id), { identity, addresses: [], generation: (1n << 32n) | 1n, parts: [bytes] }];
  };
  const endpoints = policy.endpoints
    .filter(({ endpoint }) => endpoint.local)
    .map((node) => image(node, node.endpoint.identity));
  return [...endpoints, ...policy.gateways.map((node) => image(node, node.gateway.identity))];
}
