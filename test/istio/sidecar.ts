/** A pod of a lab with Istio's sidecar: the agent as Istio ships it, which runs a stock Envoy. */
import { join } from "node:path";
import { lastLines, withLog } from "../../controller/node/log-file.ts";
import type { Lab } from "../../controller/node/namespace.ts";
import { until } from "../until.ts";
import type { MeshPlane } from "./mesh-plane.ts";
import { AT_HOME, createPod, type PodFacts } from "./pod-home.ts";

const LIVE_MS = 60_000;
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
    const home = join(mesh.folder, `pod-${name}`);
    const uid = await createPod(mesh, pod, home);
    const log = join(mesh.folder, `pod-${name}.log`);
    const argv = [mesh.tools.agent, "proxy", "sidecar", "--domain", `${namespace}.svc.cluster.local`];
    const quiet = ["--meshConfig", "/dev/null", "--proxyLogLevel", "warning", "--proxyComponentLogLevel", "misc:error"];
    const env = { PATH: process.env.PATH, HOME: home, ...environment(mesh, pod, uid, home) };
    withLog(log, (to) =>
      lab.execIn(name, ["unshare", "--mount", "sh", "-c", AT_HOME, home, ...argv, ...quiet], {
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
