/** Two pairs of sidecars under one istiod, up at the same time: without and with the overlay beneath them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "../../controller/node/child.ts";
import { BRIDGE, CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { ControllerPod } from "../../test/istio/controller-pod.ts";
import { GatewayPod } from "../../test/istio/gateway-pod.ts";
import { MeshPlane, type MeshTools } from "../../test/istio/mesh-plane.ts";
import { loadCapture, loadRules, PROXY_UID, withRules } from "../../test/istio/overlay-stage.ts";
import { Sidecar } from "../../test/istio/sidecar.ts";
import { CRD_FOLDER, installCrds } from "../../test/kube/crds.ts";
import { until } from "../../test/until.ts";
import { LoadGenerator, startServer, type Target } from "../load-generator.ts";
import {
  CONTROLLER,
  GATEWAY,
  HOSTS,
  HTTP_PORT,
  OVERLAY,
  PAIRS,
  type Pair,
  policies,
  service,
  TCP_PORT,
} from "./mesh-world.ts";

const READY_MS = 60_000;

export interface MeshWay extends Pair {
  readonly http: Target;
  readonly tcp: Target;
}

export interface MeshWaysOptions {
  readonly tools: MeshTools;
  readonly loadProgram: string;
  /** Private to this run. */
  readonly stateFolder: string;
}

export class MeshWays {
  private constructor(
    readonly ways: readonly MeshWay[],
    readonly load: LoadGenerator,
    private readonly end: () => Promise<void>,
  ) {}

  static async open({ tools, loadProgram, stateFolder }: MeshWaysOptions): Promise<MeshWays> {
    const folder = join(stateFolder, "mesh");
    await mkdir(folder);
    const lab = await Lab.open({ stateFolder: folder, addresses: [CONTROLLER_ADDRESS, CONTROLLER] });
    const mesh = await MeshPlane.start(tools, folder, {
      namespaces: [...PAIRS.map(({ namespace }) => namespace), GATEWAY.namespace],
      hosts: HOSTS,
      hasController: true,
    });
    await installCrds(mesh.api, CRD_FOLDER);
    await mesh.apply([OVERLAY, ...PAIRS.flatMap((pair) => [service(pair), policies(pair)])].join("---\n"));
    const controller = await ControllerPod.start(mesh, CONTROLLER);
    const gateway = await GatewayPod.start(lab, mesh, GATEWAY, { envoy: tools.envoy, concurrency: 1 });
    for (const pair of PAIRS) await startPair(lab, mesh, pair);
    const spaces = PAIRS.map(({ server }) => join(folder, "netns", server.name));
    const servers = await Promise.all([HTTP_PORT, TCP_PORT].map((port) => startServer(loadProgram, port, spaces)));
    const load = LoadGenerator.start(loadProgram);
    const ways = PAIRS.map((pair) => wayOf(pair, folder));
    await allReady(load, ways);
    return new MeshWays(ways, load, async () => {
      load.stop();
      for (const server of servers) server.kill();
      await controller.stop();
      gateway.stop();
      await gateway.kill();
      await mesh.stop();
      for (const node of lab.nodes) await lab.removeNode(node);
      await lab.close();
      // Else the next lab of this process finds it.
      await runToEnd(["ip", "link", "delete", BRIDGE]);
    });
  }

  close(): Promise<void> {
    return this.end();
  }
}

async function startPair(lab: Lab, mesh: MeshPlane, pair: Pair): Promise<void> {
  for (const { name, address } of [pair.client, pair.server]) {
    const pod = { name, address, namespace: pair.namespace };
    const isMember = pair.name === "overlay";
    const init = () => (isMember ? loadRules(lab, mesh, pod) : loadCapture(lab, mesh, name));
    const started = isMember ? await withRules(mesh, pod) : pod;
    await Sidecar.start(lab, mesh, started, { uid: PROXY_UID, concurrency: 1, init });
  }
}

function wayOf(pair: Pair, folder: string): MeshWay {
  const target = { namespace: join(folder, "netns", pair.client.name), address: pair.service, count: 1 };
  return { ...pair, http: { ...target, port: HTTP_PORT }, tcp: { ...target, port: TCP_PORT } };
}

/** Flows come through, in the overlay's namespace through the overlay. */
async function allReady(load: LoadGenerator, ways: readonly MeshWay[]): Promise<void> {
  for (const { http, tcp, label } of ways) {
    await until(async () => (await load.requests(http, 1)).failed === 0, `requests of ${label}`, READY_MS);
    await until(async () => (await load.trips(tcp, 1)).failed === 0, `flows of ${label}`, READY_MS);
  }
}
