/** A pod of a lab with Istio's sidecar: the agent as Istio ships it, which runs a stock Envoy. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { lastLines, withLog } from "../../controller/node/log-file.ts";
import type { Lab } from "../../controller/node/namespace.ts";
import { until } from "../until.ts";
import type { MeshPlane } from "./mesh-plane.ts";

export interface PodFacts {
  readonly namespace: string;
  /** Of the pod, of its service account and of its node in the lab. */
  readonly name: string;
  readonly address: string;
}

const LIVE_MS = 60_000;
const HOSTS = ["istiod.istio-system.svc", "sallyport.sallyport-system.svc"];
/** The agent keeps what it downloads in /var/lib/istio/data, and knows no other names than a cluster's DNS. */
const PRIVATE = 'mount --bind "$0/lib" /var/lib && mount --bind "$0/hosts" /etc/hosts && cd "$0" && exec "$@"';

export class Sidecar {
  private constructor(
    private readonly lab: Lab,
    private readonly mesh: MeshPlane,
    readonly pod: PodFacts,
    readonly uid: string,
    readonly log: string,
  ) {}

  /** Creates the pod's objects and its node, starts the agent and waits until Envoy is live. */
  static async start(lab: Lab, mesh: MeshPlane, pod: PodFacts): Promise<Sidecar> {
    const { name, namespace, address } = pod;
    await lab.addNode({ name, addresses: [address] });
    await mesh.apply(objectsOf(pod));
    const found = ["-n", namespace, "get", "pod", name, "-o", "jsonpath={.metadata.uid}"];
    const uid = await mesh.api.kubectl(...found);
    const home = join(mesh.folder, `pod-${name}`);
    await writeHome(mesh, pod, home);
    const log = join(mesh.folder, `pod-${name}.log`);
    const argv = [mesh.tools.agent, "proxy", "sidecar", "--domain", `${namespace}.svc.cluster.local`];
    const quiet = ["--meshConfig", "/dev/null", "--proxyLogLevel", "warning", "--proxyComponentLogLevel", "misc:error"];
    const env = { PATH: process.env.PATH, HOME: home, ...environment(mesh, pod, uid, home) };
    withLog(log, (to) =>
      lab.execIn(name, ["unshare", "--mount", "sh", "-c", PRIVATE, home, ...argv, ...quiet], {
        env,
        stdio: ["ignore", to, to],
      }),
    );
    const sidecar = new Sidecar(lab, mesh, pod, uid, log);
    await sidecar.until(async () => (await sidecar.admin("ready")).trim() === "LIVE", "Envoy to be live", LIVE_MS);
    return sidecar;
  }

  /** What Envoy's admin interface answers; empty while it isn't there. */
  async admin(path: string): Promise<string> {
    return this.lab.run(this.pod.name, [this.mesh.tools.agent, "request", "GET", path]).catch(() => "");
  }

  /** Waits, and on failure shows the end of the agent's log. */
  async until(condition: () => Promise<boolean>, what: string, deadlineMs = 30_000): Promise<void> {
    await until(condition, what, deadlineMs).catch(async (error: Error) => {
      throw new Error(`${error.message}; the agent's log ends with:\n${(await lastLines(this.log, 20)).join("\n")}`);
    });
  }
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

/** As the injected container has it; the last is what Sallyport needs besides. */
function environment({ tools }: MeshPlane, { name, namespace, address }: PodFacts, uid: string, home: string) {
  return {
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    INSTANCE_IP: address,
    SERVICE_ACCOUNT: name,
    ISTIO_META_CLUSTER_ID: "Kubernetes",
    ISTIO_META_INTERCEPTION_MODE: "REDIRECT",
    ISTIO_METAJSON_LABELS: JSON.stringify({ app: name }),
    PEER_METADATA_DISCOVERY: "false",
    PROXY_CONFIG: JSON.stringify({
      discoveryAddress: "istiod.istio-system.svc:15012",
      binaryPath: join(home, "envoy"),
      configPath: join(home, "proxy"),
      proxyBootstrapTemplatePath: join(tools.istio, "tools/packaging/common/envoy_bootstrap.json"),
      statusPort: 15020,
      proxyAdminPort: 15000,
      concurrency: 1,
    }),
    ISTIO_META_SALLYPORT_POD_UID: uid,
  };
}
