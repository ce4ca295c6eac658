/**
 * A mesh with the overlay in it: API server, istiod, controller, a SaP, and sidecars behind Istio's own capture and our
 * rules. For programs that look at it from inside of a lab of root's.
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gatewayId } from "../../controller/compile/ids.ts";
import { POD_COUNTERS, podRules } from "../../controller/emit/istio/rules.ts";
import { hexId } from "../../controller/model/hex.ts";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { ACTOR_COMMAND, Actor } from "../envoy/actor/actor.ts";
import { CRD_FOLDER, installCrds } from "../kube/crds.ts";
import { asUser } from "../node/as-user.ts";
import { sallyport } from "../sallyport.ts";
import { until } from "../until.ts";
import { GatewayPod } from "./gateway-pod.ts";
import { LocalControl } from "./local-control.ts";
import { meshCertificate } from "./mesh-certificate.ts";
import { MeshPlane, type MeshTools } from "./mesh-plane.ts";
import { ADDRESS, GUEST_PORT, NAMESPACES, overlays, POD_CIDRS, policies, SERVER, SERVICE } from "./overlay-world.ts";
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
    readonly control: LocalControl,
    readonly gateway: GatewayPod,
    readonly sidecars: Readonly<Record<SidecarName, Sidecar>>,
    private readonly settings: Settings,
  ) {}

  /** Enters a lab and starts everything. Arguments of the program: folder, MeshTools and Settings as JSON. */
  static async open(): Promise<OverlayStage> {
    const [folder, tools, options] = process.argv.slice(2) as [string, string, string];
    if (currentLab() === undefined) process.exit(await enterLab("root"));
    const settings = JSON.parse(options) as Settings;
    const lab = await Lab.open({ stateFolder: join(folder, "lab") });
    const mesh = await MeshPlane.start(JSON.parse(tools) as MeshTools, folder, [
      "shop",
      "annex",
      "guest",
      "sallyport-system",
    ]);
    await installCrds(mesh.api, CRD_FOLDER);
    await mesh.apply([NAMESPACES, overlays({ epochSeconds: EPOCH_SECONDS }), SERVER, policies()].join("---\n"));
    const control = await LocalControl.start(mesh, await meshCertificate(mesh, "sallyport-system", "sallyport"));
    await mesh.apply(await rendered(folder));
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
    const stage = new OverlayStage(lab, mesh, control, gateway, byName as Record<SidecarName, Sidecar>, settings);
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

  /** Id of a pod in overlay `shop`, 16 hex digits. */
  nodeId(pod: string): string | undefined {
    const endpoints = this.control.policy("shop")?.endpoints ?? [];
    const found = endpoints.find(({ endpoint }) => endpoint.namespace === "shop" && endpoint.name === pod);
    return found && hexId(found.id);
  }

  /** Whether all workers of a pod in `shop` run the image that the API server's objects make now. */
  isProgrammed(pod: string): boolean {
    const id = this.nodeId(pod);
    // Envoy's main thread runs the filters' root contexts too.
    return id !== undefined && this.control.isProgrammed(id, this.settings.concurrency + 1);
  }

  /** Waits until all nodes of `shop` do. */
  async ready(): Promise<void> {
    const gateway = hexId(gatewayId("edge"));
    const isReady = () =>
      this.control.isProgrammed(gateway, this.settings.concurrency + 1) &&
      ["client", "server", "other"].every((pod) => this.isProgrammed(pod));
    await until(isReady, "all nodes to run their images", 30_000);
  }

  /** Prints the answer and ends the program. */
  async close(answer: object): Promise<never> {
    console.log(JSON.stringify(answer));
    await this.control.stop();
    for (const actor of this.#actors.values()) actor.stop();
    await this.mesh.stop();
    for (const node of this.lab.nodes) await this.lab.removeNode(node);
    await this.lab.close();
    process.exit(0);
  }
}

/** What brings both overlays into their namespaces. */
async function rendered(folder: string): Promise<string> {
  const files = await mkdtemp(join(folder, "render-"));
  await writeFile(join(files, "world.yaml"), `${NAMESPACES}---\n${overlays()}`);
  const { code, out, error } = await sallyport("render", "-f", files);
  if (code !== 0) throw new Error(error);
  return out;
}

function startSidecar(lab: Lab, mesh: MeshPlane, name: SidecarName, settings: Settings): Promise<Sidecar> {
  const namespace = name === "annex" ? "annex" : "shop";
  return startPod(lab, mesh, { namespace, name, address: ADDRESS[name] }, settings);
}

/** As an injected pod starts: rules first. */
function startPod(lab: Lab, mesh: MeshPlane, pod: PodFacts, settings: Settings): Promise<Sidecar> {
  return Sidecar.start(lab, mesh, pod, {
    ...settings,
    uid: PROXY_UID,
    probes: { [PROBE]: { httpGet: { path: "/", port: SERVICE.http, scheme: "HTTP" } } },
    init: (node) => loadRules(lab, mesh, node),
  });
}

/** As istio-init and the init container after it. */
export async function loadRules(lab: Lab, mesh: MeshPlane, node: string): Promise<void> {
  await loadCapture(lab, mesh, node);
  await guard(lab, node);
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

/** Our rules. */
export async function guard(lab: Lab, node: string): Promise<void> {
  await lab.run(node, ["nft", "-f", "-"], podRules({ cidrs: POD_CIDRS }));
}

export async function unguard(lab: Lab, node: string): Promise<void> {
  await lab.run(node, ["nft", "delete", "table", "inet", "sallyport"]);
}

/** TCP packets that the node's guard has refused. */
export async function refusedAt(lab: Lab, node: string): Promise<number> {
  const listing = await lab.run(node, ["nft", "list", "counter", "inet", "sallyport", POD_COUNTERS.refusedTcp]);
  return Number(/packets (\d+)/.exec(listing)?.[1]);
}
