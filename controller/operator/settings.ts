import type { Mesh } from "../emit/istio/mesh.ts";

/** What one replica of the controller is told when it starts. */
export interface Settings {
  /** Names of the mesh; the digest of the code is that of `code`. */
  readonly mesh: Omit<Mesh, "codeDigest">;
  readonly podName: string;
  /** Where nodes reach this replica while it leads. */
  readonly podIp: string;
  /** Folder with cert-chain.pem, key.pem and root-cert.pem. */
  readonly certificates: string;
  /** endpoint.wasm */
  readonly code: Uint8Array;
  readonly listen: Listening;
  /** Members may live on loopback addresses: for tests. */
  readonly allowLoopback: boolean;
}

export interface Listening {
  /** Undefined: all addresses. */
  readonly host?: string;
  readonly images: number;
  readonly code: number;
  readonly health: number;
}
