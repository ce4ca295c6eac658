import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Mesh, USUAL_MESH } from "../emit/istio/mesh.ts";
import { codeFolder } from "./installation.ts";
import { meshComplaint } from "./mesh-names.ts";

/** Where things are in the cluster, as it was asked for. */
export interface MeshOptions {
  readonly cluster: string;
  readonly trustDomain: string;
  readonly controlNamespace: string;
  readonly istioNamespace: string;
  readonly dnsNamespace: string;
}

export function withMeshOptions(command: Command): Command {
  return command
    .option("--cluster <name>", "the cluster's name, Istio's CLUSTER_ID", USUAL_MESH.cluster)
    .option("--trust-domain <domain>", "the mesh's trust domain", USUAL_MESH.trustDomain)
    .option("--control-namespace <name>", "where Sallyport's controller is", USUAL_MESH.controlNamespace)
    .option("--istio-namespace <name>", "where istiod is", USUAL_MESH.istioNamespace)
    .option("--dns-namespace <name>", "where the cluster's DNS is", USUAL_MESH.dnsNamespace);
}

export function meshOf(options: MeshOptions): Mesh | { readonly complaint: string } {
  const complaint = meshComplaint(options, "control-namespace");
  if (complaint !== undefined) return { complaint };
  const code = join(codeFolder, "endpoint.wasm");
  if (!existsSync(code)) return { complaint: `${code} is missing: run npm run build:wasm` };
  const { cluster, trustDomain, controlNamespace, istioNamespace, dnsNamespace } = options;
  const codeDigest = createHash("sha256").update(readFileSync(code)).digest("hex");
  return { cluster, trustDomain, controlNamespace, istioNamespace, dnsNamespace, codeDigest };
}
