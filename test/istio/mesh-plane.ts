/** istiod as Istio ships it, on an API server with Istio's CRDs, and the filters' code: the control plane of a mesh. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { join } from "node:path";
import { CODE_PORT } from "../../controller/model/ports.ts";
import { spawnBound } from "../../controller/node/child.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { lastLines, withLog } from "../../controller/node/log-file.ts";
import { FilterCode } from "../../controller/serve/filter-code.ts";
import { ApiServer } from "../kube/api-server.ts";
import { until } from "../until.ts";

export interface MeshTools {
  readonly plane: string;
  readonly istiod: string;
  readonly agent: string;
  readonly envoy: string;
  /** Istio's source. */
  readonly istio: string;
}

/** Stock Envoy has no metadata exchange and no ALPN filter of Istio's; everything else is as istiod has it. */
const ISTIOD_ENVIRONMENT = {
  POD_NAME: "istiod-0",
  POD_NAMESPACE: "istio-system",
  CLUSTER_ID: "Kubernetes",
  PILOT_ENABLE_METADATA_EXCHANGE: "false",
  PILOT_ENABLE_ALPN_FILTER: "false",
  ISTIOD_CUSTOM_HOST: "localhost",
  INJECTION_WEBHOOK_CONFIG_NAME: "",
  PILOT_DEBOUNCE_AFTER: "10ms",
};
const MESH = "rootNamespace: istio-system\ntrustDomain: cluster.local\nenablePrometheusMerge: false\n";
const HTTP = "127.0.0.1:18080";
const MONITORING = "127.0.0.1:15014";
const READY_MS = 60_000;

/** What a cluster's DNS would say. An Envoy that can ask nobody for a cluster's name waits with all that it serves. */
export type Hosts = Readonly<Record<string, string>>;

export interface PlaneOptions {
  readonly namespaces: readonly string[];
  /** YAML, there before istiod starts. */
  readonly objects?: string;
  readonly hosts?: Hosts;
  /** The controller serves the filters' code, so that this needn't. */
  readonly hasController?: boolean;
}

const HOSTS: Hosts = {
  "istiod.istio-system.svc": CONTROLLER_ADDRESS,
  "sallyport.sallyport-system.svc": CONTROLLER_ADDRESS,
  "edge.sallyport-system.svc": CONTROLLER_ADDRESS,
};

/** To be started in a lab: it takes Istio's usual ports. */
export class MeshPlane {
  private constructor(
    readonly tools: MeshTools,
    readonly folder: string,
    readonly api: ApiServer,
    private istiod: ChildProcess,
    readonly hosts: Hosts,
    private readonly code: Server | undefined,
  ) {}

  static async start(tools: MeshTools, folder: string, options: PlaneOptions): Promise<MeshPlane> {
    const { namespaces, objects, hosts = HOSTS, hasController = false } = options;
    const api = await ApiServer.start(tools.plane, join(folder, "s"));
    await api.kubectl("create", "-f", join(tools.istio, "manifests/charts/base/files/crd-all.gen.yaml"));
    for (const namespace of ["istio-system", ...namespaces]) await api.kubectl("create", "namespace", namespace);
    if (objects !== undefined) await applyTo(api, objects);
    const istiod = await startIstiod(tools, folder, api);
    const code = hasController ? undefined : await serveCode();
    return new MeshPlane(tools, folder, api, istiod, hosts, code);
  }

  /** Applies YAML as a person would. */
  apply(text: string): Promise<void> {
    return applyTo(this.api, text);
  }

  /** Sum of one of istiod's metrics over its labels; 0 while there is none. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://${MONITORING}/metrics`)).text();
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].map(([, value]) =>
      Number(value),
    );
    return values.reduce((sum, value) => sum + value, 0);
  }

  /** istiod is gone from one moment to the next. */
  async killIstiod(): Promise<void> {
    const ended = once(this.istiod, "exit");
    this.istiod.kill("SIGKILL");
    await ended;
  }

  async resumeIstiod(): Promise<void> {
    this.istiod = await startIstiod(this.tools, this.folder, this.api);
  }

  async stop(): Promise<void> {
    this.code?.close();
    this.istiod.kill("SIGKILL");
    await this.api.crash();
  }
}

async function applyTo(api: ApiServer, text: string): Promise<void> {
  const { code, stderr } = await api.tryKubectl(["apply", "--server-side", "-f", "-"], text);
  if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
}

async function serveCode(): Promise<Server> {
  const code = new FilterCode(readFileSync(join(projectFolder(), "build/wasm/endpoint.wasm"))).server();
  code.listen(CODE_PORT, CONTROLLER_ADDRESS);
  await once(code, "listening");
  return code;
}

async function startIstiod({ istiod }: MeshTools, folder: string, api: ApiServer): Promise<ChildProcess> {
  const home = join(folder, "istiod");
  await mkdir(home, { recursive: true });
  await writeFile(join(home, "mesh.yaml"), MESH);
  const addresses = {
    grpcAddr: "127.0.0.1:15010",
    secureGRPCAddr: "0.0.0.0:15012",
    httpAddr: HTTP,
    httpsAddr: "127.0.0.1:15017",
    monitoringAddr: MONITORING,
  };
  const argv = [istiod, "discovery", "--kubeconfig", api.kubeconfig, "--meshConfig", join(home, "mesh.yaml")];
  for (const [name, address] of Object.entries(addresses)) argv.push(`--${name}`, address);
  const env = { PATH: process.env.PATH, HOME: home, ...ISTIOD_ENVIRONMENT };
  const log = join(folder, "istiod.log");
  const child = withLog(log, (to) =>
    spawnBound([...argv, "--ctrlz_port", "0"], { cwd: home, env, stdio: ["ignore", to, to] }),
  );
  const isReady = () =>
    fetch(`http://${HTTP}/ready`).then(
      ({ ok }) => ok && child.exitCode === null,
      () => false,
    );
  await until(isReady, "istiod to be ready", READY_MS).catch(async (error: Error) => {
    throw new Error(`${error.message}; its log ends with:\n${(await lastLines(log, 10)).join("\n")}`);
  });
  return child;
}
