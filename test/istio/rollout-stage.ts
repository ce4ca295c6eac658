/**
 * A mesh whose namespace `shop` is not opted in: API server, istiod, the controller, a SaP, and two sidecars
 * behind Istio's own capture. For programs that roll it out, from inside of a lab of root's.
 */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { USUAL_MESH } from "../../controller/emit/istio/mesh.ts";
import { CODE_PORT, CONTROL_PORT, HEALTH_PORT } from "../../controller/model/ports.ts";
import { spawnBound } from "../../controller/node/child.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { withLog } from "../../controller/node/log-file.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { ACTOR_COMMAND, Actor } from "../envoy/actor/actor.ts";
import { CRD_FOLDER, installCrds } from "../kube/crds.ts";
import type { ReplicaPlan } from "../kube/replica.ts";
import { asUser } from "../node/as-user.ts";
import { type Ran, sallyportHeard } from "../sallyport.ts";
import { GatewayPod } from "./gateway-pod.ts";
import { type CertificateAgent, certificateAgent } from "./mesh-certificate.ts";
import { MeshPlane, type MeshTools } from "./mesh-plane.ts";
import { loadCapture } from "./overlay-stage.ts";
import { ADDRESS, SERVER, SERVICE } from "./overlay-world.ts";
import { Sidecar } from "./sidecar.ts";

const LOADER = new URL("../node/typescript.mjs", import.meta.url).href;
const PROGRAM = new URL("../kube/controller-program.ts", import.meta.url).pathname;
const PROXY_UID = 1337;
const APP_UID = 1000;
const PODS = ["client", "server"] as const;
export type PodName = (typeof PODS)[number];

const WORLD = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: shop}
spec: {id: 7, cidr: [10.244.0.0/16], path: [edge]}
---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: {name: edge}
spec: {overlays: [shop], addresses: ["${ADDRESS.edge}:15042"], identity: "spiffe://cluster.local/ns/sallyport-system/sa/edge"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sallyport, namespace: sallyport-system}
spec:
  replicas: 1
  selector: {matchLabels: {app: controller}}
  template: {metadata: {labels: {app: controller}}, spec: {containers: [{name: c, image: nothing.invalid/c}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system, labels: {istio.io/rev: default}}
data: {config: "defaultTemplates: [sidecar, sallyport]\\ntemplates: {sidecar: '', sallyport: ''}\\n", values: "{}"}
---
`;

/** Its address is one that an EndpointSlice may have; sidecars find the controller beside istiod by their hosts file. */
const CONTROLLER = { namespace: "sallyport-system", name: "sallyport", address: "10.244.7.9" };

export class RolloutStage {
  readonly #sidecars = new Map<PodName, Sidecar>();
  readonly #actors = new Map<string, Actor>();

  private constructor(
    readonly lab: Lab,
    readonly mesh: MeshPlane,
    private readonly controller: ChildProcess,
    private readonly certificate: CertificateAgent,
    readonly gateway: GatewayPod,
    private readonly istioctl: string,
  ) {}

  /** Enters a lab and starts everything. Arguments of the program: folder, MeshTools as JSON, istioctl. */
  static async open(): Promise<RolloutStage> {
    const [folder, tools, istioctl] = process.argv.slice(2) as [string, string, string];
    if (currentLab() === undefined) process.exit(await enterLab("root"));
    const lab = await Lab.open({ stateFolder: join(folder, "lab") });
    const mesh = await MeshPlane.start(JSON.parse(tools) as MeshTools, folder, {
      namespaces: ["shop", "sallyport-system"],
    });
    await installCrds(mesh.api, CRD_FOLDER);
    await mesh.apply(WORLD + SERVER);
    const path = "/apis/apps/v1/namespaces/sallyport-system/deployments/sallyport/status";
    await mesh.api.ask("PATCH", path, { status: { replicas: 1, readyReplicas: 1 } }, "application/merge-patch+json");
    const certificate = await certificateAgent(mesh, CONTROLLER);
    const controller = startController(mesh, certificate.folder);
    const pod = { namespace: "sallyport-system", name: "edge", address: ADDRESS.edge };
    const gateway = await GatewayPod.start(lab, mesh, pod, {
      envoy: mesh.tools.envoy,
      concurrency: 1,
      isStatic: true,
    });
    const stage = new RolloutStage(lab, mesh, controller, certificate, gateway, istioctl);
    await Promise.all(PODS.map((name) => stage.#start(name, "")));
    await stage.#serve();
    return stage;
  }

  /** Runs `sallyport rollout shop`; `heard` is told each line. Pods that must start again do, as a person would see to. */
  async rollout(args: readonly string[], heard: (line: string) => Promise<void> = async () => {}): Promise<Ran> {
    const usual = ["--yes", "--istioctl", this.istioctl, "--kubeconfig", this.mesh.api.kubeconfig];
    const failures: unknown[] = [];
    let work: Promise<unknown> = Promise.resolve();
    const listen = (line: string) => {
      const pod = /delete and create pod\/(\w+)/.exec(line)?.[1] as PodName | undefined;
      const next = () => (pod === undefined ? heard(line) : this.restart(pod));
      work = work.then(next).catch((error) => failures.push(error));
    };
    const ran = await sallyportHeard(listen, "rollout", "shop", ...usual, ...args);
    await work;
    if (failures.length > 0) throw failures[0];
    return ran;
  }

  /** Status of a request to the server's Service. */
  async ask(): Promise<number> {
    return (await this.#actor("client").play("askHttp", SERVICE.address, SERVICE.http, SERVICE.name)).status;
  }

  /** As a Deployment does: the pod is another one then. It loads the rules that are there. */
  async restart(name: PodName): Promise<void> {
    this.#actors.get(name)?.stop();
    this.#sidecars.get(name)?.kill();
    await this.mesh.api.kubectl("-n", "shop", "delete", "pod", name, "--grace-period=0", "--force");
    await this.lab.removeNode(name);
    const rules = ["-n", "shop", "get", "configmap", "sallyport-rules", "-o", "jsonpath={.data.rules\\.nft}"];
    await this.#start(name, (await this.mesh.api.tryKubectl(rules)).stdout);
    if (name === "server") await this.#serve();
  }

  async close(answer: object): Promise<never> {
    console.log(JSON.stringify(answer));
    this.controller.kill("SIGKILL");
    this.certificate.stop();
    for (const actor of this.#actors.values()) actor.stop();
    await this.mesh.stop();
    for (const node of this.lab.nodes) await this.lab.removeNode(node);
    await this.lab.close();
    process.exit(0);
  }

  /** With the rules that its namespace has, if it has any. */
  async #start(name: PodName, rules: string): Promise<void> {
    const init = async (node: string) => {
      await loadCapture(this.lab, this.mesh, node);
      if (rules !== "") await this.lab.run(node, ["nft", "-f", "-"], rules);
    };
    const said = rules === "" ? {} : { rules: rules.split("\n")[0] as string };
    const pod = { namespace: "shop", name, address: ADDRESS[name], ...said };
    this.#sidecars.set(name, await Sidecar.start(this.lab, this.mesh, pod, { uid: PROXY_UID, init }));
  }

  async #serve(): Promise<void> {
    await this.#actor("server").play("serveHeaders", "0.0.0.0", SERVICE.http);
  }

  #actor(node: PodName): Actor {
    const known = this.#actors.get(node);
    if (known !== undefined && !known.hasEnded) return known;
    const env = { ...process.env, NODE_OPTIONS: "" };
    const argv = asUser(APP_UID, [...ACTOR_COMMAND, node]);
    const actor = new Actor(node, this.lab.execIn(node, argv, { env, stdio: ["pipe", "pipe", "inherit"] }));
    this.#actors.set(node, actor);
    return actor;
  }
}

/** A replica as Deployments run it, but that the filters' code is served by the mesh already. */
function startController(mesh: MeshPlane, certificates: string): ChildProcess {
  const plan: ReplicaPlan = {
    mesh: USUAL_MESH,
    podName: CONTROLLER.name,
    podIp: CONTROLLER.address,
    certificates,
    codeFile: join(projectFolder(), "build/wasm/endpoint.wasm"),
    listen: { host: CONTROLLER_ADDRESS, images: CONTROL_PORT, code: CODE_PORT + 10_000, health: HEALTH_PORT },
    allowLoopback: false,
    kubeconfig: mesh.api.kubeconfig,
  };
  const argv = [process.execPath, "--import", LOADER, PROGRAM, JSON.stringify(plan)];
  return withLog(join(mesh.folder, "controller.log"), (to) => spawnBound(argv, { stdio: ["ignore", to, to] }));
}
