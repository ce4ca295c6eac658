/** What an istio-agent finds in its pod: a token, the mesh's root certificate, names, and an Envoy. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { until } from "../until.ts";
import type { MeshPlane } from "./mesh-plane.ts";

export interface PodFacts {
  readonly namespace: string;
  /** Of the pod, of its service account and of its node in the lab. */
  readonly name: string;
  readonly address: string;
}

/** An Envoy that can ask nobody for the name of a cluster waits with all that it serves. */
const HOSTS = ["istiod.istio-system.svc", "sallyport.sallyport-system.svc", "edge.sallyport-system.svc"];

/** Runs the arguments after the home. An agent keeps what it downloads in /var/lib/istio/data, and asks for names. */
export const AT_HOME = 'mount --bind "$0/lib" /var/lib && mount --bind "$0/hosts" /etc/hosts && cd "$0" && exec "$@"';

/** Creates the pod's objects and its home, a folder; the pod's uid. */
export async function createPod(mesh: MeshPlane, pod: PodFacts, home: string): Promise<string> {
  await mesh.apply(objectsOf(pod));
  await writeHome(mesh, pod, home);
  return mesh.api.kubectl("-n", pod.namespace, "get", "pod", pod.name, "-o", "jsonpath={.metadata.uid}");
}

function objectsOf({ namespace, name }: PodFacts): string {
  const metadata = `{name: ${name}, namespace: ${namespace}, labels: {app: ${name}}}`;
  const container = "{name: app, image: nothing.invalid/app}";
  return `apiVersion: v1
kind: ServiceAccount
metadata: ${metadata}
---
apiVersion: v1
kind: Pod
metadata: ${metadata}
spec: {serviceAccountName: ${name}, automountServiceAccountToken: false, containers: [${container}]}
`;
}

async function writeHome({ api, tools }: MeshPlane, { namespace, name }: PodFacts, home: string): Promise<void> {
  const secrets = join(home, "var/run/secrets");
  for (const folder of ["lib/istio/data", "proxy", "var/run/secrets/tokens", "var/run/secrets/istio"])
    await mkdir(join(home, folder), { recursive: true });
  const bound = ["--bound-object-kind", "Pod", "--bound-object-name", name];
  const token = await api.kubectl("-n", namespace, "create", "token", name, "--audience", "istio-ca", ...bound);
  await writeFile(join(secrets, "tokens/istio-token"), token);
  const root = ["-n", namespace, "get", "configmap", "istio-ca-root-cert", "-o", "jsonpath={.data.root-cert\\.pem}"];
  await until(async () => (await api.tryKubectl(root)).stdout !== "", "istiod to publish its root certificate", 20_000);
  await writeFile(join(secrets, "istio/root-cert.pem"), await api.kubectl(...root));
  await writeFile(join(home, "hosts"), HOSTS.map((host) => `${CONTROLLER_ADDRESS} ${host}\n`).join(""));
  // It mustn't outlive an agent that is killed.
  const envoy = `#!/bin/sh\nexec setpriv --pdeathsig KILL -- "${tools.envoy}" "$@" --use-dynamic-base-id\n`;
  await writeFile(join(home, "envoy"), envoy, { mode: 0o755 });
}
