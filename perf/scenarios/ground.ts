/** What every scenario stands on. */
import type { MeshTools } from "../../test/istio/mesh-plane.ts";

export interface Ground {
  readonly quick: boolean;
  readonly projectFolder: string;
  /** Private to this run, empty at its start. */
  readonly stateFolder: string;
  readonly envoy: string;
  /** The load generator. */
  readonly loadProgram: string;
  /** Wasm code of a filter that does nothing. */
  readonly noopFilter: string;
  /** Istio's programs, or why there are none. */
  readonly mesh: MeshTools | { readonly reason: string };
  say(message: string): void;
}
