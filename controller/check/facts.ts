/** What `check` knows of a cluster: objects as its API server has them, and what it wouldn't tell. */
import type { Mesh } from "../emit/istio/mesh.ts";
import type { Json } from "./json.ts";

/** Objects of a kind, as far as they may be seen. */
export type Listing =
  | { readonly state: "known"; readonly objects: readonly Json[] }
  /** The server doesn't know the kind. */
  | { readonly state: "missing" }
  /** `right` is what is missing, such as `list pods`; without one the server failed. */
  | { readonly state: "refused"; readonly right?: string; readonly reason: string };

/** An istiod's injector configuration: ConfigMap istio-sidecar-injector, of a revision. */
export interface Injector {
  /** `Kind namespace/name`. */
  readonly object: string;
  readonly revision: string;
  /** Undefined: its YAML can't be read. */
  readonly templates: readonly string[] | undefined;
  readonly defaultTemplates: readonly string[];
  /** `global.proxy` of its values. */
  readonly proxy: Json;
}

/** An object that this program would emit, and what is there. */
export interface Emitted {
  readonly wanted: Json;
  /** With managedFields. */
  readonly found: Json | undefined;
}

export interface Facts {
  readonly now: Date;
  /** If only one namespace is looked at. */
  readonly namespace?: string;
  readonly mesh: Mesh;
  /** `major.minor` of the API server; undefined: it didn't say. */
  readonly serverVersion: string | undefined;
  /** By kind. */
  readonly listings: ReadonlyMap<string, Listing>;
  /** Our CustomResourceDefinitions as this program has them. */
  readonly definitions: readonly Json[];
  readonly injectors: readonly Injector[];
  /** Of namespaces that are opted in; empty if that can't be known. */
  readonly emitted: readonly Emitted[];
  /** What controller replicas say of themselves, by pod name: what is wrong, or empty. Absent: it wasn't asked. */
  readonly replicas: ReadonlyMap<string, Replica>;
}

/** What a replica of the controller answers. */
export interface Replica {
  /** Text of `/readyz` if it isn't ready. */
  readonly notReady?: string;
  /** When its certificate ends. */
  readonly certificateEnds?: Date;
}

/** Objects of a kind; empty too if they are unknown, which is said by the check that needs them. */
export function objectsOf({ listings }: Facts, kind: string): readonly Json[] {
  const listing = listings.get(kind);
  return listing?.state === "known" ? listing.objects : [];
}
