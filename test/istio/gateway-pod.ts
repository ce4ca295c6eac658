/** A SaP in a pod of its own: a stock Envoy with our static bootstrap and the certificate of an istio-agent without Envoy. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gatewayId } from "../../controller/compile/ids.ts";
import { gatewayBootstrap } from "../../controller/emit/bootstrap.ts";
import { fileSecrets } from "../../controller/emit/envoy.ts";
import { certificateSecret, rootSecret } from "../../controller/emit/sds.ts";
import { hexId } from "../../controller/model/hex.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { envoyStats, isReady } from "../../controller/node/admin.ts";
import { envoyVersion, projectFolder } from "../../controller/node/envoy.ts";
import { knowsResetLimits } from "../../controller/node/envoy-version.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { lastLines, withLog } from "../../controller/node/log-file.ts";
import type { Lab } from "../../controller/node/namespace.ts";
import { until } from "../until.ts";
import { type CertificateAgent, certificateAgent } from "./mesh-certificate.ts";
import type { MeshPlane } from "./mesh-plane.ts";
import { OVERLAY_ID } from "./overlay-world.ts";
import type { PodFacts } from "./pod-home.ts";

const MAX_HEAP_BYTES = 1 << 30;

export interface GatewayRun {
  readonly envoy: string;
  readonly concurrency: number;
}

export class GatewayPod {
  #envoy: ChildProcess | undefined;

  private constructor(
    private readonly lab: Lab,
    readonly pod: PodFacts,
    private readonly run: GatewayRun,
    /** Bootstrap, log and admin socket. */
    private readonly folder: string,
    readonly certificate: CertificateAgent,
  ) {}

  static async start(lab: Lab, mesh: MeshPlane, pod: PodFacts, run: GatewayRun): Promise<GatewayPod> {
    await lab.addNode({ name: pod.name, addresses: [pod.address] });
    const certificate = await certificateAgent(mesh, pod, lab);
    const folder = join(mesh.folder, `gateway-${pod.name}`);
    await mkdir(folder);
    const gateway = new GatewayPod(lab, pod, run, folder, certificate);
    await gateway.#writeBootstrap();
    await gateway.resume();
    return gateway;
  }

  get log(): string {
    return join(this.folder, "envoy.log");
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
    const logs = ["--log-level", "warning", "--component-log-level", "wasm:info"];
    this.#envoy = withLog(this.log, (to) =>
      this.lab.execIn(this.pod.name, [envoy, ...config, "--disable-hot-restart", ...logs], {
        stdio: ["ignore", to, to],
      }),
    );
    await until(() => isReady(this.#socket), "the SaP", 30_000).catch(async ({ message }: Error) => {
      throw new Error(`${message}; its log ends with:\n${(await lastLines(this.log, 10)).join("\n")}`);
    });
  }

  get #socket(): string {
    return join(this.folder, "admin.sock");
  }

  async #writeBootstrap(): Promise<void> {
    const { folder: certs } = this.certificate;
    const files = {
      certificate: join(certs, "cert-chain.pem"),
      key: join(certs, "key.pem"),
      root: join(certs, "root-cert.pem"),
      watched: certs,
    };
    const references = [join(this.folder, "sds-cert.json"), join(this.folder, "sds-root.json")] as const;
    await writeFile(references[0], JSON.stringify(certificateSecret(files)));
    await writeFile(references[1], JSON.stringify(rootSecret(files)));
    const bootstrap = gatewayBootstrap({
      name: this.pod.name,
      nodeId: hexId(gatewayId(this.pod.name)),
      overlayId: OVERLAY_ID,
      control: {
        address: `${CONTROLLER_ADDRESS}:${CONTROL_PORT}`,
        identity: "spiffe://cluster.local/ns/sallyport-system/sa/sallyport",
      },
      tls: fileSecrets(...references),
      adminSocket: this.#socket,
      code: join(projectFolder(), "build/wasm/gateway.wasm"),
      listen: ["0.0.0.0"],
      maxHeapBytes: MAX_HEAP_BYTES,
      resetLimits: knowsResetLimits(await envoyVersion(this.run.envoy)),
      flat: false,
      neighbours: [],
      trustDomains: ["cluster.local"],
      followsGateway: false,
    });
    await writeFile(join(this.folder, "bootstrap.json"), JSON.stringify(bootstrap));
  }
}
