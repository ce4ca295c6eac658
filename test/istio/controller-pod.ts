/** `sallyport controller` as a pod runs it, with the certificate of an istio-agent without Envoy. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { spawnBound } from "../../controller/node/child.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { lastLines, withLog } from "../../controller/node/log-file.ts";
import { until } from "../until.ts";
import { type CertificateAgent, certificateAgent } from "./mesh-certificate.ts";
import type { MeshPlane } from "./mesh-plane.ts";

const PROGRAM = join(projectFolder(), "build/js/controller/cli/main.js");
const NAMESPACE = "sallyport-system";
const NAME = "sallyport-0";

export class ControllerPod {
  #child: ChildProcess | undefined;

  private constructor(
    private readonly mesh: MeshPlane,
    private readonly address: string,
    private readonly agent: CertificateAgent,
  ) {}

  /** At an address of this network namespace. Waits until it has applied what namespace `shop` needs. */
  static async start(mesh: MeshPlane, address: string): Promise<ControllerPod> {
    const agent = await certificateAgent(mesh, { namespace: NAMESPACE, name: NAME, address, account: "sallyport" });
    const pod = new ControllerPod(mesh, address, agent);
    pod.resume();
    // The last of its namespace.
    const guard = ["-n", "shop", "get", "wasmplugin", "sallyport-guard"];
    const isThere = async () => (await mesh.api.tryKubectl(guard)).code === 0;
    await until(isThere, "the controller to apply its resources", 30_000).catch(async ({ message }: Error) => {
      throw new Error(`${message}; its log ends with:\n${(await lastLines(pod.#log, 10)).join("\n")}`);
    });
    return pod;
  }

  resume(): void {
    const argv = [process.execPath, PROGRAM, "controller", "--pod-name", NAME, "--pod-ip", this.address];
    const files = ["--certificates", this.agent.folder, "--kubeconfig", this.mesh.api.kubeconfig];
    this.#child = withLog(this.#log, (to) => spawnBound([...argv, ...files], { stdio: ["ignore", to, to] }));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    this.agent.stop();
    await this.kill();
  }

  get #log(): string {
    return join(this.mesh.folder, "controller.log");
  }
}
