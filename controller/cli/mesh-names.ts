import type { Mesh } from "../emit/istio/mesh.ts";

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** What is wrong with the names of a mesh, by the options that give them; undefined: nothing. */
export function meshComplaint(mesh: Omit<Mesh, "codeDigest">, controlNamespace: string): string | undefined {
  const names = {
    "trust-domain": mesh.trustDomain,
    [controlNamespace]: mesh.controlNamespace,
    "istio-namespace": mesh.istioNamespace,
    "dns-namespace": mesh.dnsNamespace,
  };
  for (const [option, value] of Object.entries(names))
    if (!NAME.test(value)) return `--${option} "${value}" is not a name: lower-case letters, digits, - and .`;
  // A cluster's name is Istio's to choose, and upper case is usual there.
  return /^[\w.-]{1,128}$/.test(mesh.cluster) ? undefined : `--cluster "${mesh.cluster}" is not a name`;
}
