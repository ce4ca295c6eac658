/** Where things are in a cluster: all that resources for it need to know besides the overlay. */
import { CODE_PORT, CONTROL_PORT } from "../../model/ports.ts";

/** Names of namespaces and of the cluster; no secret among them. */
export interface Mesh {
  /** Name of the cluster in node ids; Istio's `global.multiCluster.clusterName` does. */
  readonly cluster: string;
  /** Of the mesh's SPIFFE ids. */
  readonly trustDomain: string;
  /** Namespace of the controller, whose Service and service account are both called `sallyport`. */
  readonly controlNamespace: string;
  readonly istioNamespace: string;
  readonly dnsNamespace: string;
  /** SHA-256 of endpoint.wasm, 64 hex digits. */
  readonly codeDigest: string;
}

/** What `istioctl install` and the chart make of it if nobody says otherwise. */
export const USUAL_MESH: Omit<Mesh, "codeDigest"> = {
  cluster: "Kubernetes",
  trustDomain: "cluster.local",
  controlNamespace: "sallyport-system",
  istioNamespace: "istio-system",
  dnsNamespace: "kube-system",
};

/** `name:port` of the controller's image service. */
export function controlAddress(mesh: Mesh): string {
  return `${controlHost(mesh)}:${CONTROL_PORT}`;
}

export function controlIdentity({ trustDomain, controlNamespace }: Mesh): string {
  return `spiffe://${trustDomain}/ns/${controlNamespace}/sa/sallyport`;
}

/** Where istio-agent gets the filters' code. The digest is in the path, so that an upgrade is another file. */
export function codeUrl(mesh: Mesh): string {
  return `http://${controlHost(mesh)}:${CODE_PORT}${codePath(mesh.codeDigest)}`;
}

/** The path below which the controller serves `endpoint.wasm`. */
export function codePath(digest: string): string {
  return `/filters/${digest}/endpoint.wasm`;
}

function controlHost({ controlNamespace }: Mesh): string {
  return `sallyport.${controlNamespace}.svc`;
}
