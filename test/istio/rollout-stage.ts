/**
 * A mesh whose namespace `shop` is not opted in: API server, istiod, a SaP, the controller's images, and two sidecars
 * behind Istio's own capture. For programs that roll it out, from inside of a lab of root's.
 */
import { join } from "node:path";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { ACTOR_COMMAND, Actor } from "../envoy/actor/actor.ts";
import { CRD_FOLDER, installCrds } from "../kube/crds.ts";
import { asUser } from "../node/as-user.ts";
import { type Ran, sallyportHeard } from "../sallyport.ts";
import { GatewayPod } from "./gateway-pod.ts";
import { LocalControl } from "./local-control.ts";
import { meshCertificate } from "./mesh-certificate.ts";
import { MeshPlane, type MeshTools } from "./mesh-plane.ts";
import { loadCapture } from "./overlay-stage.ts";
import { ADDRESS, SERVER, SERVICE } from "./overlay-world.ts";
import { Sidecar } from "./sidecar.ts";

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
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system, labels: {istio.io/rev: default}}
data: {config: "defaultTemplates: [sidecar, sallyport]\\ntemplates: {sidecar: '', sallyport: ''}\\n", values: "{}"}
---
`;

export class RolloutStage {
  readonly #sidecars = new Map<PodName, Sidecar>();
  readonly #actors = new Map<string, Actor>();

  private constructor(
    readonly lab: Lab,
    readonly mesh: MeshPlane,
    readonly control: LocalControl,
    readonly gateway: GatewayPod,
    private readonly istioctl: string,
  ) {}

  /** Enters a lab and starts everything. Arguments of the program: folder, MeshTools as JSON, istioctl. */
  static async open(): Promise<RolloutStage> {
    const [folder, tools, istioctl] = process.argv.slice(2) as [string, string, string];
    if (currentLab() === undefined) process.exit(await enterLab("root"));
    const lab = await Lab.open({ stateFolder: join(folder, "lab") });
    const mesh = await MeshPlane.start(JSON.parse(tools) as MeshTools, folder, ["shop", "sallyport-system"]);
    await installCrds(mesh.api, CRD_FOLDER);
    await mesh.apply(WORLD + SERVER);
    const control = await LocalControl.start(mesh, await meshCertificate(mesh, "sallyport-system", "sallyport"));
    const pod = { namespace: "sallyport-system", name: "edge", address: ADDRESS.edge };
    const gateway = await GatewayPod.start(lab, mesh, pod, { envoy: mesh.tools.envoy, concurrency: 1 });
    const stage = new RolloutStage(lab, mesh, control, gateway, istioctl);
    await Promise.all(PODS.map((name) => stage.#start(name, "")));
    await stage.#serve();
    return stage;
  }

  /** Runs `sallyport rollout shop`; `heard` is told each line. Pods that must start again do, as a person would see to. */
  async rollout(args: readonly string[], heard: (line: string) => Promise<void> = async () => {}): Promise<Ran> {
    const usual = ["--no-controller", "--yes", "--istioctl", this.istioctl, "--kubeconfig", this.mesh.api.kubeconfig];
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
    await this.control.stop();
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
