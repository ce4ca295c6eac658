/** Certificates of the mesh for what has no sidecar: an istio-agent without Envoy writes them. */
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { spawnBound } from "../../controller/node/child.ts";
import { withLog } from "../../controller/node/log-file.ts";
import { until } from "../until.ts";
import type { MeshPlane } from "./mesh-plane.ts";
import { AT_HOME, createPod } from "./pod-home.ts";

export interface MeshCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

const FILES = ["cert-chain.pem", "key.pem", "root-cert.pem"] as const;

/** What istiod gives the service account `name`, as a pod of that name gets it. */
export async function meshCertificate(mesh: MeshPlane, namespace: string, name: string): Promise<MeshCertificate> {
  const home = join(mesh.folder, `pod-${name}`);
  await createPod(mesh, { namespace, name, address: "127.0.0.1" }, home);
  const certs = join(home, "certs");
  await mkdir(certs);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    INSTANCE_IP: "127.0.0.1",
    SERVICE_ACCOUNT: name,
    ISTIO_META_CLUSTER_ID: "Kubernetes",
    DISABLE_ENVOY: "true",
    OUTPUT_CERTS: certs,
    PROXY_CONFIG: JSON.stringify({ discoveryAddress: "istiod.istio-system.svc:15012", statusPort: 15020 }),
  };
  const argv = [mesh.tools.agent, "proxy", "router", "--domain", `${namespace}.svc.cluster.local`];
  const agent = withLog(join(mesh.folder, `pod-${name}.log`), (to) =>
    spawnBound(["unshare", "--mount", "sh", "-c", AT_HOME, home, ...argv, "--meshConfig", "/dev/null"], {
      env,
      stdio: ["ignore", to, to],
    }),
  );
  const paths = FILES.map((file) => join(certs, file));
  try {
    await until(() => paths.every(existsSync), `the certificate of ${namespace}/${name}`, 30_000);
    const [cert, key, ca] = (await Promise.all(paths.map((path) => readFile(path)))) as [Buffer, Buffer, Buffer];
    return { cert, key, ca };
  } finally {
    agent.kill("SIGKILL");
  }
}
