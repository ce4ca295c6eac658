/** Certificates of the mesh for what has no sidecar: an istio-agent without Envoy writes them, and renews them. */
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { spawnBound } from "../../controller/node/child.ts";
import { withLog } from "../../controller/node/log-file.ts";
import type { Place } from "../../controller/node/namespace.ts";
import { until } from "../until.ts";
import type { MeshPlane } from "./mesh-plane.ts";
import { AT_HOME, accountOf, createPod, type PodFacts } from "./pod-home.ts";

export interface MeshCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

/** As OUTPUT_CERTS has them. */
export const CERTIFICATE_FILES = ["cert-chain.pem", "key.pem", "root-cert.pem"] as const;

/** An agent that goes on, and the folder that it writes to. */
export interface CertificateAgent {
  readonly folder: string;
  /** What the pod finds around it. */
  readonly home: string;
  /** Of its pod. */
  readonly uid: string;
  stop(): void;
}

/** What istiod gives the service account `name`, as a pod of that name gets it. */
export async function meshCertificate(mesh: MeshPlane, namespace: string, name: string): Promise<MeshCertificate> {
  const agent = await certificateAgent(mesh, { namespace, name, address: "169.254.15.45" });
  agent.stop();
  const paths = CERTIFICATE_FILES.map((file) => join(agent.folder, file));
  const [cert, key, ca] = (await Promise.all(paths.map((path) => readFile(path)))) as [Buffer, Buffer, Buffer];
  return { cert, key, ca };
}

/** Creates the pod and starts its agent, in the pod's node of `place` or beside istiod. Waits for the first certificate. */
export async function certificateAgent(mesh: MeshPlane, pod: PodFacts, place?: Place): Promise<CertificateAgent> {
  const { namespace, name } = pod;
  const home = join(mesh.folder, `certificate-${namespace}-${name}`);
  const uid = await createPod(mesh, pod, home);
  const folder = join(home, "certs");
  await mkdir(folder);
  const argv = [mesh.tools.agent, "proxy", "router", "--domain", `${namespace}.svc.cluster.local`];
  const command = ["unshare", "--mount", "sh", "-c", AT_HOME, home, ...argv, "--meshConfig", "/dev/null"];
  const agent = withLog(join(mesh.folder, `certificate-${namespace}-${name}.log`), (to): ChildProcess => {
    const options = { env: environment(pod, home, folder), stdio: ["ignore", to, to] as ["ignore", number, number] };
    return place === undefined ? spawnBound(command, options) : place.execIn(name, command, options);
  });
  const stop = () => void agent.kill("SIGKILL");
  const isThere = () => CERTIFICATE_FILES.every((file) => existsSync(join(folder, file)));
  await until(isThere, `the certificate of ${namespace}/${name}`, 30_000).catch((error) => {
    stop();
    throw error;
  });
  return { folder, home, uid, stop };
}

function environment(pod: PodFacts, home: string, certs: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    POD_NAME: pod.name,
    POD_NAMESPACE: pod.namespace,
    INSTANCE_IP: pod.address,
    SERVICE_ACCOUNT: accountOf(pod),
    ISTIO_META_CLUSTER_ID: "Kubernetes",
    DISABLE_ENVOY: "true",
    OUTPUT_CERTS: certs,
    PROXY_CONFIG: JSON.stringify({ discoveryAddress: "istiod.istio-system.svc:15012", statusPort: 15020 }),
  };
}
