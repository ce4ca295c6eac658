/** What an istio-agent finds in its pod: a token, the mesh's root certificate, names, and an Envoy. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../until.ts";
import type { MeshPlane } from "./mesh-plane.ts";

export interface PodFacts {
  readonly namespace: string;
  /** Of the pod, of its label `app` and of its node in the lab. */
  readonly name: string;
  readonly address: string;
  /** Of its service account; the pod's own name unless told otherwise. */
  readonly account?: string;
  /** What its init container said last; that there are none if it says nothing else. */
  readonly rules?: string;
}

export function accountOf({ name, account = name }: PodFacts): string {
  return account;
}

/** Runs the arguments after the home. An agent keeps what it downloads in /var/lib/istio/data, and asks for names. */
export const AT_HOME = 'mount --bind "$0/lib" /var/lib && mount --bind "$0/hosts" /etc/hosts && cd "$0" && exec "$@"';

/** Creates the pod's objects, which say that it runs, and its home, a folder; the pod's uid. */
export async function createPod(
  mesh: MeshPlane,
  pod: PodFacts,
  home: string,
  envoy: string = mesh.tools.envoy,
): Promise<string> {
  await mesh.apply(objectsOf(pod));
  const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/status`;
  const { status, body } = await mesh.api.ask("PATCH", path, { status: running(pod) }, MERGE);
  if (status !== 200) throw new Error(`status of pod ${pod.name}: ${body.message}`);
  await writeHome(mesh, pod, home, envoy);
  return body.metadata.uid;
}

const MERGE = "application/merge-patch+json";

function objectsOf(pod: PodFacts): string {
  const { namespace, name } = pod;
  const account = accountOf(pod);
  // What Istio's injector makes of a pod: one with a sidecar, that takes mutual TLS.
  const labels = `{app: ${name}, security.istio.io/tlsMode: istio}`;
  const containers =
    "{name: app, image: nothing.invalid/app}, {name: istio-proxy, image: nothing.invalid/proxy, env: [{name: ISTIO_META_SALLYPORT_POD_UID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}]}";
  const init = "{name: sallyport-init, image: nothing.invalid/init}";
  return `apiVersion: v1
kind: ServiceAccount
metadata: {name: ${account}, namespace: ${namespace}}
---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: ${labels}}
spec: {serviceAccountName: ${account}, nodeName: n1, automountServiceAccountToken: false, initContainers: [${init}], containers: [${containers}]}
`;
}

/** As a kubelet says it. */
function running({ address, rules = "no rules" }: PodFacts): object {
  const conditions = [{ type: "Ready", status: "True" }];
  const terminated = { exitCode: 0, message: rules };
  const init = { name: "sallyport-init", image: "", imageID: "", ready: true, restartCount: 0, state: { terminated } };
  return { phase: "Running", podIP: address, podIPs: [{ ip: address }], conditions, initContainerStatuses: [init] };
}

async function writeHome({ api, hosts }: MeshPlane, pod: PodFacts, home: string, envoy: string): Promise<void> {
  const { namespace, name } = pod;
  const secrets = join(home, "var/run/secrets");
  for (const folder of ["lib/istio/data", "proxy", "var/run/secrets/tokens", "var/run/secrets/istio"])
    await mkdir(join(home, folder), { recursive: true });
  const bound = ["--bound-object-kind", "Pod", "--bound-object-name", name];
  const token = await api.kubectl(
    "-n",
    namespace,
    "create",
    "token",
    accountOf(pod),
    "--audience",
    "istio-ca",
    ...bound,
  );
  await writeFile(join(secrets, "tokens/istio-token"), token);
  const root = ["-n", namespace, "get", "configmap", "istio-ca-root-cert", "-o", "jsonpath={.data.root-cert\\.pem}"];
  await until(async () => (await api.tryKubectl(root)).stdout !== "", "istiod to publish its root certificate", 20_000);
  await writeFile(join(secrets, "istio/root-cert.pem"), await api.kubectl(...root));
  const names = Object.entries(hosts).map(([name, address]) => `${address} ${name}\n`);
  await writeFile(join(home, "hosts"), names.join(""));
  // It mustn't outlive an agent that is killed.
  const script = `#!/bin/sh\nexec setpriv --pdeathsig KILL -- "${envoy}" "$@" --use-dynamic-base-id\n`;
  await writeFile(join(home, "envoy"), script, { mode: 0o755 });
}
