/** A pod of a lab with Istio's sidecar: the agent as Istio ships it, which runs a stock Envoy. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { lastLines, withLog } from "../../controller/node/log-file.ts";
import type { Lab } from "../../controller/node/namespace.ts";
import { asUser } from "../node/as-user.ts";
import { until } from "../until.ts";
import type { MeshPlane } from "./mesh-plane.ts";
import { AT_HOME, accountOf, createPod, type PodFacts } from "./pod-home.ts";

const LIVE_MS = 60_000;

export interface SidecarSettings {
  /** The user that agent and Envoy run as; 1337 in a cluster. Another one than root needs root. */
  readonly uid?: number;
  /** Instead of the mesh's. */
  readonly envoy?: string;
  /** Envoy's worker threads. */
  readonly concurrency?: number;
  /** Runs in the pod's node before the agent starts, as init containers do. */
  readonly init?: (node: string) => Promise<void>;
  /** More of what the injector writes as PROXY_CONFIG. */
  readonly proxyConfig?: object;
  /** Probes of the app that the agent answers for, as the injector writes them. */
  readonly probes?: object;
}

export class Sidecar {
  private constructor(
    private readonly lab: Lab,
    private readonly mesh: MeshPlane,
    readonly pod: PodFacts,
    readonly uid: string,
    readonly log: string,
    private readonly agent: ChildProcess,
  ) {}

  /** Creates the pod's objects and its node, starts the agent and waits until Envoy is live. */
  static async start(lab: Lab, mesh: MeshPlane, pod: PodFacts, settings: SidecarSettings = {}): Promise<Sidecar> {
    const { name, namespace, address } = pod;
    await lab.addNode({ name, addresses: [address] });
    const home = join(mesh.folder, `pod-${name}`);
    const uid = await createPod(mesh, pod, home, settings.envoy);
    await settings.init?.(name);
    const log = join(mesh.folder, `pod-${name}.log`);
    const argv = [mesh.tools.agent, "proxy", "sidecar", "--domain", `${namespace}.svc.cluster.local`];
    const quiet = ["--meshConfig", "/dev/null", "--proxyLogLevel", "warning", "--proxyComponentLogLevel", "misc:error"];
    const env = { PATH: process.env.PATH, HOME: home, ...environment(mesh, pod, uid, home, settings) };
    const command = settings.uid === undefined ? [...argv, ...quiet] : asUser(settings.uid, [...argv, ...quiet]);
    const agent = withLog(log, (to) =>
      lab.execIn(name, ["unshare", "--mount", "sh", "-c", AT_HOME, home, ...command], {
        env,
        stdio: ["ignore", to, to],
      }),
    );
    const sidecar = new Sidecar(lab, mesh, pod, uid, log, agent);
    await sidecar.until(async () => (await sidecar.admin("ready")).trim() === "LIVE", "Envoy to be live", LIVE_MS);
    return sidecar;
  }

  /** What Envoy's admin interface answers; empty while it isn't there. */
  async admin(path: string): Promise<string> {
    return this.lab.run(this.pod.name, [this.mesh.tools.agent, "request", "GET", path]).catch(() => "");
  }

  /** Sum of Envoy's counters and gauges whose names match, as far as Envoy shows them. */
  async stat(pattern: string): Promise<number> {
    const lines = (await this.admin(`stats?filter=${encodeURIComponent(pattern)}`)).split("\n");
    return lines.reduce((sum, line) => sum + Number(/: (\d+)$/.exec(line)?.[1] ?? 0), 0);
  }

  /** Ends agent and Envoy, as when the container is killed. */
  kill(): void {
    this.agent.kill("SIGKILL");
  }

  /** Waits, and on failure shows the end of the agent's log. */
  async until(condition: () => Promise<boolean>, what: string, deadlineMs = 30_000): Promise<void> {
    await until(condition, what, deadlineMs).catch(async (error: Error) => {
      throw new Error(`${error.message}; the agent's log ends with:\n${(await lastLines(this.log, 20)).join("\n")}`);
    });
  }
}

/** As the injected container has it; the last is what Sallyport needs besides. */
function environment(
  { tools }: MeshPlane,
  pod: PodFacts,
  uid: string,
  home: string,
  { concurrency = 1, proxyConfig, probes }: SidecarSettings,
) {
  const { name, namespace, address } = pod;
  return {
    ...(probes && { ISTIO_KUBE_APP_PROBERS: JSON.stringify(probes) }),
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    INSTANCE_IP: address,
    SERVICE_ACCOUNT: accountOf(pod),
    ISTIO_META_CLUSTER_ID: "Kubernetes",
    ISTIO_META_INTERCEPTION_MODE: "REDIRECT",
    ISTIO_METAJSON_LABELS: JSON.stringify({ app: name }),
    PEER_METADATA_DISCOVERY: "false",
    PROXY_CONFIG: JSON.stringify({
      ...proxyConfig,
      discoveryAddress: "istiod.istio-system.svc:15012",
      binaryPath: join(home, "envoy"),
      configPath: join(home, "proxy"),
      proxyBootstrapTemplatePath: join(tools.istio, "tools/packaging/common/envoy_bootstrap.json"),
      statusPort: 15020,
      proxyAdminPort: 15000,
      concurrency,
      // Listeners that are gone answer for so long.
      drainDuration: "1s",
    }),
    ISTIO_META_SALLYPORT_POD_UID: uid,
  };
}
