/** Replicas of the controller in processes of their own, with certificates and nodes made by the test. */
import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { USUAL_MESH } from "../../controller/emit/istio/mesh.ts";
import { CODE_PORT, CONTROL_PORT, HEALTH_PORT } from "../../controller/model/ports.ts";
import { spawnBound } from "../../controller/node/child.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import type { Settings } from "../../controller/operator/settings.ts";
import type { Authority, Issued } from "../../controller/serve/authority.ts";

export type ReplicaPlan = Omit<Settings, "code"> & { readonly codeFile: string; readonly kubeconfig: string };

const LOADER = new URL("../node/typescript.mjs", import.meta.url).href;
const PROGRAM = new URL("controller-program.ts", import.meta.url).pathname;
export const CONTROLLER_IDENTITY = "spiffe://cluster.local/ns/sallyport-system/sa/sallyport";

export class Replica {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  private constructor(
    /** Address of this machine that it listens on. */
    readonly host: string,
    readonly ip: string,
    readonly certificates: string,
    plan: ReplicaPlan,
  ) {
    this.#child = spawnBound([process.execPath, "--import", LOADER, PROGRAM, JSON.stringify(plan)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => this.lines.push(line));
  }

  /** Starts the replica number `index`, whose files are in `folder`. */
  static async start(kubeconfig: string, folder: string, authority: Authority, index = 1): Promise<Replica> {
    const certificates = join(folder, `replica-${index}`);
    await writeCertificate(certificates, await authority.issue(CONTROLLER_IDENTITY));
    // Of other tests that run at the same time none takes the same.
    const host = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
    const podIp = `192.0.2.${index}`;
    return new Replica(host, podIp, certificates, {
      mesh: USUAL_MESH,
      podName: `sallyport-${index}`,
      podIp,
      certificates,
      codeFile: join(projectFolder(), "build/wasm/endpoint.wasm"),
      listen: { host, images: CONTROL_PORT, code: CODE_PORT, health: HEALTH_PORT },
      allowLoopback: true,
      kubeconfig,
    });
  }

  /** As Kubernetes does, or `SIGKILL`; resolves with the exit code when it has ended. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return ended;
  }

  /** Lets no time pass for it until `resume`. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }
}

/** As istio-agent does with OUTPUT_CERTS. */
export async function writeCertificate(folder: string, { certificate, key, root }: Issued): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "cert-chain.pem"), certificate);
  await writeFile(join(folder, "key.pem"), key);
  await writeFile(join(folder, "root-cert.pem"), root);
}
