/** A SaP as its pod runs it: a stock Envoy with what the controller emits, and the certificate of an istio-agent without Envoy. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { envoyStats, isReady } from "../../controller/node/admin.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { lastLines, withLog } from "../../controller/node/log-file.ts";
import type { Lab } from "../../controller/node/namespace.ts";
import { until } from "../until.ts";
import { type CertificateAgent, certificateAgent } from "./mesh-certificate.ts";
import type { MeshPlane } from "./mesh-plane.ts";
import { AT_HOME, type PodFacts } from "./pod-home.ts";
import { writeStaticBootstrap } from "./static-gateway.ts";

export interface GatewayRun {
  readonly envoy: string;
  readonly concurrency: number;
  /** No controller emits what it runs with. */
  readonly isStatic?: boolean;
}

export class GatewayPod {
  #envoy: ChildProcess | undefined;

  private constructor(
    private readonly lab: Lab,
    readonly pod: PodFacts,
    private readonly run: GatewayRun,
    /** The ConfigMap's files, log and admin socket. */
    private readonly folder: string,
    private readonly agent: CertificateAgent,
  ) {}

  static async start(lab: Lab, mesh: MeshPlane, pod: PodFacts, run: GatewayRun): Promise<GatewayPod> {
    await lab.addNode({ name: pod.name, addresses: [pod.address] });
    const agent = await certificateAgent(mesh, pod, lab);
    const folder = join(mesh.folder, `gateway-${pod.name}`);
    await mkdir(folder);
    const gateway = new GatewayPod(lab, pod, run, folder, agent);
    if (run.isStatic) await gateway.#writeStatic();
    else await gateway.#writeEmitted(mesh);
    await gateway.resume();
    return gateway;
  }

  /** Envoy's counters and gauges whose names match, summed. */
  async stat(pattern: string): Promise<number> {
    const stats = await envoyStats(this.#socket, pattern);
    return [...stats.values()].reduce((sum, value) => sum + value, 0);
  }

  /** Names of the verdicts that the gate gives while `run` runs. */
  async counting(run: () => Promise<void>): Promise<string[]> {
    const gate = () => envoyStats(this.#socket, "sallyport.gate");
    const before = await gate();
    await run();
    const raised = [...(await gate())].filter(([name, count]) => count > (before.get(name) ?? 0));
    return raised.map(([name]) => name.split(".").at(-1) as string);
  }

  async kill(): Promise<void> {
    const envoy = this.#envoy;
    if (envoy === undefined) return;
    const ended = once(envoy, "exit");
    envoy.kill("SIGKILL");
    await ended;
  }

  async resume(): Promise<void> {
    const { envoy, concurrency } = this.run;
    const config = ["--config-path", join(this.folder, "bootstrap.json"), "--concurrency", String(concurrency)];
    const logs = ["--disable-hot-restart", "--log-level", "warning", "--component-log-level", "wasm:info"];
    const command = ["unshare", "--mount", "sh", "-c", AT_HOME, this.agent.home, envoy, ...config, ...logs];
    const log = join(this.folder, "envoy.log");
    this.#envoy = withLog(log, (to) => this.lab.execIn(this.pod.name, command, { stdio: ["ignore", to, to] }));
    await until(() => isReady(this.#socket), "the SaP", 30_000).catch(async ({ message }: Error) => {
      throw new Error(`${message}; its log ends with:\n${(await lastLines(log, 10)).join("\n")}`);
    });
  }

  stop(): void {
    this.agent.stop();
  }

  get #socket(): string {
    return join(this.folder, "admin.sock");
  }

  #writeStatic(): Promise<void> {
    const { name } = this.pod;
    const certificates = this.agent.folder;
    return writeStaticBootstrap(this.folder, { name, envoy: this.run.envoy, certificates, adminSocket: this.#socket });
  }

  /** The ConfigMap, with what a pod's volumes are in places of its own. */
  async #writeEmitted({ api }: MeshPlane): Promise<void> {
    const path = `/api/v1/namespaces/${this.pod.namespace}/configmaps/sallyport-gateway-${this.pod.name}`;
    let files: Readonly<Record<string, string>> = {};
    await until(
      async () => {
        const { status, body } = await api.ask("GET", path);
        if (status === 200) files = body.data;
        return status === 200;
      },
      `the controller to write ${path}`,
      30_000,
    );
    const places: readonly (readonly [string, string])[] = [
      ["/etc/sallyport", this.folder],
      ["/var/run/sallyport/certs", this.agent.folder],
      ["/var/run/sallyport/admin/envoy/admin.sock", this.#socket],
      ["/usr/share/sallyport", join(projectFolder(), "build/wasm")],
    ];
    for (const [name, text] of Object.entries(files)) {
      const placed = places.reduce((text, [from, to]) => text.replaceAll(from, to), text);
      await writeFile(join(this.folder, name), placed);
    }
  }
}
