import { Sha256 } from "../crypto/sha256.ts";
import { ascii, property } from "../host/proxy.ts";

/** Kubernetes allows names of 253 bytes; nothing longer is a part of an id. */
const MAX_PART: i32 = 253;
const SLASH: u8 = 0x2f;

/** As istio-agent puts them into Envoy's node: from the pod's environment, which comes from the API server. */
const NAMESPACE: Uint8Array = ascii("xds\0node\0metadata\0NAMESPACE");
const NAME: Uint8Array = ascii("xds\0node\0metadata\0NAME");
/** Environment ISTIO_META_SALLYPORT_POD_UID, from the field metadata.uid. */
const UID: Uint8Array = ascii("xds\0node\0metadata\0SALLYPORT_POD_UID");

const part: Uint8Array = new Uint8Array(MAX_PART);
const slash: Uint8Array = new Uint8Array(1);
slash[0] = SLASH;

/**
 * Node id, as 16 hex digits, of the pod whose proxy this is: the first 8 bytes of SHA-256 over
 * `cluster/namespace/name/uid`. Empty if Envoy doesn't know which pod it is in.
 */
export function ownPod(cluster: string): string {
  const sha = new Sha256();
  sha.reset();
  const first = ascii(cluster);
  sha.update(first, 0, first.length);
  if (!append(sha, NAMESPACE) || !append(sha, NAME) || !append(sha, UID)) return "";
  const digest = new Uint8Array(32);
  sha.digest(digest, 0);
  let hex = "";
  for (let i = 0; i < 8; i++) hex += (digest[i] as u32).toString(16).padStart(2, "0");
  return hex;
}

function append(sha: Sha256, name: Uint8Array): bool {
  const length = property(name, part);
  if (length <= 0) return false;
  for (let i = 0; i < length; i++) if (part[i] == SLASH) return false;
  sha.update(slash, 0, 1);
  sha.update(part, 0, length);
  return true;
}
