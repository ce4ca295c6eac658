/**
 * A mesh with the overlay in it: API server, istiod, controller, a SaP, and sidecars behind Istio's own capture and our
 * rules. For programs that look at it from inside of a lab of root's.
 */
import { join } from "node:path";
import { POD_COUNTERS } from "../../controller/emit/istio/rules.ts";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { ACTOR_COMMAND, Actor } from "../envoy/actor/actor.ts";
import { CRD_FOLDER, installCrds } from "../kube/crds.ts";
import { asUser } from "../node/as-user.ts";
import { until } from "../until.ts";
import { ControllerPod } from "./controller-pod.ts";
import { GatewayPod } from "./gateway-pod.ts";
import { MeshPlane, type MeshTools } from "./mesh-plane.ts";
import { ADDRESS, GUEST_PORT, HOSTS, NAMESPACES, overlays, policies, SERVER, SERVICE } from "./overlay-world.ts";
import type { PodFacts } from "./pod-home.ts";
import { Sidecar } from "./sidecar.ts";

/** As istio-init captures: the proxy's user is Istio's usual one. */
const CAPTURE = "--native-nftables -p 15001 -z 15006 -u 1337 -g 1337 -m REDIRECT -i * -b * -d 15090,15021,15020".split(
  " ",
);
export const PROXY_UID = 1337;
const APP_UID = 1000;
/** Short: keys change several times while the claims are tried. */
export const EPOCH_SECONDS = 5;
/** Of the agent's health check of the app. */
export const PROBE = "/app-health/app/livez";

/** Which Envoys run it. */
export interface Settings {
  readonly concurrency: number;
}

const SIDECARS = ["client", "server", "other", "annex"] as const;
export type SidecarName = (typeof SIDECARS)[number];

export class OverlayStage {
  readonly #actors = new Map<string, Actor>();

  private constructor(
    readonly lab: Lab,
    readonly mesh: MeshPlane,
    readonly controller: ControllerPod,
    readonly gateway: GatewayPod,
    readonly sidecars: Readonly<Record<SidecarName, Sidecar>>,
    private readonly settings: Settings,
  ) {}

  /** Enters a lab and starts everything. Arguments of the program: folder, MeshTools and Settings as JSON. */
  static async open(): Promise<OverlayStage> {
    const [folder, tools, options] = process.argv.slice(2) as [string, string, string];
    if (currentLab() === undefined) process.exit(await enterLab("root"));
    const settings = JSON.parse(options) as Settings;
    const addresses = [CONTROLLER_ADDRESS, ADDRESS.istiod, ADDRESS.controller];
    const lab = await Lab.open({ stateFolder: join(folder, "lab"), addresses });
    const mesh = await MeshPlane.start(JSON.parse(tools) as MeshTools, folder, {
      namespaces: ["shop", "annex", "guest", "sallyport-system"],
      hosts: HOSTS,
      hasController: true,
    });
    await installCrds(mesh.api, CRD_FOLDER);
    await mesh.apply([NAMESPACES, overlays({ epochSeconds: EPOCH_SECONDS }), SERVER, policies()].join("---\n"));
    const controller = await ControllerPod.start(mesh, ADDRESS.controller);
    const [gateway, ...sidecars] = await Promise.all([
      GatewayPod.start(
        lab,
        mesh,
        { namespace: "sallyport-system", name: "edge", address: ADDRESS.edge },
        { envoy: mesh.tools.envoy, ...settings },
      ),
      ...SIDECARS.map((name) => startSidecar(lab, mesh, name, settings)),
    ]);
    const byName = Object.fromEntries(SIDECARS.map((name, i) => [name, sidecars[i] as Sidecar]));
    const stage = new OverlayStage(lab, mesh, controller, gateway, byName as Record<SidecarName, Sidecar>, settings);
    await lab.addNode({ name: "guest", addresses: [ADDRESS.guest] });
    await stage.actor("guest").play("serveTcp", "0.0.0.0", GUEST_PORT, "220 guest\n");
    await stage.serveApp();
    await stage.ready();
    return stage;
  }

  /** Of the app in that node, or of another user there. */
  actor(node: string, uid = APP_UID): Actor {
    const key = `${node} ${uid}`;
    const known = this.#actors.get(key);
    if (known !== undefined && !known.hasEnded) return known;
    const env = { ...process.env, NODE_OPTIONS: "" };
    const child = this.lab.execIn(node, asUser(uid, [...ACTOR_COMMAND, key]), {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const actor = new Actor(node, child);
    this.#actors.set(key, actor);
    return actor;
  }

  async serveApp(): Promise<void> {
    const app = this.actor("server");
    await app.play("serveHeaders", "0.0.0.0", SERVICE.http);
    await app.play("serveTcp", "0.0.0.0", SERVICE.tcp, "220 server\n");
  }

  startPod(pod: PodFacts): Promise<Sidecar> {
    return startPod(this.lab, this.mesh, pod, this.settings);
  }

  /** The status that a node's app gets from the server. */
  async get(node: string): Promise<number> {
    return (await this.actor(node).play("askHttp", SERVICE.address, SERVICE.http, SERVICE.name)).status;
  }

  /** Waits until everybody reaches the server who may; `other` gets as far as Istio's policy. */
  async ready(): Promise<void> {
    const nodes = ["client", "server", "other"];
    const statuses = async () => (await Promise.all(nodes.map((node) => this.get(node)))).join();
    await until(async () => (await statuses()) === "200,200,403", "flows to pass", 30_000);
  }

  /** Prints the answer and ends the program. */
  async close(answer: object): Promise<never> {
    console.log(JSON.stringify(answer));
    await this.controller.stop();
    this.gateway.stop();
    for (const actor of this.#actors.values()) actor.stop();
    await this.mesh.stop();
    for (const node of this.lab.nodes) await this.lab.removeNode(node);
    await this.lab.close();
    process.exit(0);
  }
}

function startSidecar(lab: Lab, mesh: MeshPlane, name: SidecarName, settings: Settings): Promise<Sidecar> {
  const namespace = name === "annex" ? "annex" : "shop";
  return startPod(lab, mesh, { namespace, name, address: ADDRESS[name] }, settings);
}

/** As an injected pod starts: rules first. */
async function startPod(lab: Lab, mesh: MeshPlane, pod: PodFacts, settings: Settings): Promise<Sidecar> {
  return Sidecar.start(lab, mesh, await withRules(mesh, pod), {
    ...settings,
    uid: PROXY_UID,
    probes: { [PROBE]: { httpGet: { path: "/", port: SERVICE.http, scheme: "HTTP" } } },
    init: () => loadRules(lab, mesh, pod),
  });
}

/** As istio-init and the init container after it. */
export async function loadRules(lab: Lab, mesh: MeshPlane, pod: PodFacts): Promise<void> {
  await loadCapture(lab, mesh, pod.name);
  await lab.run(pod.name, ["nft", "-f", "-"], await podRulesOf(mesh, pod));
}

/** What the pod's status will say of them. */
export async function withRules(mesh: MeshPlane, pod: PodFacts): Promise<PodFacts> {
  const [title = ""] = (await podRulesOf(mesh, pod)).split("\n");
  return { ...pod, rules: title };
}

/** Istio's own rules; ports that annotations of the pod exclude besides. */
export async function loadCapture(
  lab: Lab,
  mesh: MeshPlane,
  node: string,
  exclude: { readonly inbound?: readonly number[]; readonly outbound?: readonly number[] } = {},
): Promise<void> {
  const { inbound = [], outbound = [] } = exclude;
  const ports = ["-d", [15090, 15021, 15020, ...inbound].join(","), "-o", outbound.join(",")];
  await lab.run(node, [mesh.tools.agent, "istio-iptables", ...CAPTURE, ...ports]);
}

/** Out of the ConfigMap that the controller writes. */
async function podRulesOf({ api }: MeshPlane, { namespace }: PodFacts): Promise<string> {
  const { body } = await api.ask("GET", `/api/v1/namespaces/${namespace}/configmaps/sallyport-rules`);
  return body.data["rules.nft"];
}

export async function unguard(lab: Lab, node: string): Promise<void> {
  await lab.run(node, ["nft", "delete", "table", "inet", "sallyport"]);
}

/** TCP packets that the node's guard has refused. */
export async function refusedAt(lab: Lab, node: string): Promise<number> {
  const listing = await lab.run(node, ["nft", "list", "counter", "inet", "sallyport", POD_COUNTERS.refusedTcp]);
  return Number(/packets (\d+)/.exec(listing)?.[1]);
}
