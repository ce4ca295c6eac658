/** The one request that nodes make: `GET /v1/nodes/{16 hex}/image?have={u64}&worker={1..32 hex}`. Pure. */

export interface ImageRequest {
  /** 16 lower-case hex digits. */
  readonly node: string;
  /** Generation that the worker runs; 0: none. */
  readonly have: bigint;
  /** Tells the workers of one node apart. */
  readonly worker: string;
}

const TARGET = /^\/v1\/nodes\/([0-9a-f]{16})\/image\?have=(0|[1-9][0-9]{0,19})&worker=([0-9a-f]{1,32})$/;
const MAX_GENERATION = 0xffff_ffff_ffff_ffffn;

/** Undefined for anything but exactly that request: there is no other client whose spelling must be tolerated. */
export function parseImageRequest(method: string, target: string): ImageRequest | undefined {
  const match = method === "GET" ? TARGET.exec(target) : null;
  if (match === null) return undefined;
  const [, node, have, worker] = match as unknown as [string, string, string, string];
  const generation = BigInt(have);
  return generation > MAX_GENERATION ? undefined : { node, have: generation, worker };
}
