/** All variants side by side, up and idle, so that blocks of one can follow blocks of another within a second. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledPolicy } from "../../controller/compile/compiled.ts";
import type { JsonObject } from "../../controller/emit/envoy.ts";
import { type NodePlan, planNodes } from "../../controller/emit/topology.ts";
import type { World } from "../../controller/model/resources.ts";
import { adminSocketPath } from "../../controller/node/admin-socket.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { Authority } from "../../controller/serve/authority.ts";
import { LoadGenerator, startServer, type Target } from "../load-generator.ts";
import { OVERLAY } from "../worlds.ts";
import { CONTROLLER_IDENTITY, serveImages } from "./control.ts";
import {
  type ChainPlace,
  clientName,
  firstDestination,
  flowWorld,
  gatewayName,
  SERVICE_PORT,
  serverAddress,
  serverName,
  serverNetwork,
} from "./flow-world.ts";
import { type EnvoyGround, MeasuredEnvoy } from "./measured-envoy.ts";
import { rbacFilters } from "./rbac.ts";
import { pairClient, pairServer, withHttpFilters, withoutFilters, withWasm } from "./rewrite.ts";
import type { Variant } from "./variants.ts";

export interface DataPlaneOptions {
  readonly envoy: string;
  readonly loadProgram: string;
  /** Wasm code of a filter that does nothing. */
  readonly noopFilter: string;
  /** Folder with endpoint.wasm and gateway.wasm. */
  readonly codeFolder: string;
  readonly stateFolder: string;
  /** Addresses of each server apart from its main one. */
  readonly destinations: number;
  say(message: string): void;
}

/** A variant that is ready for flows. */
export interface Way {
  readonly variant: Variant;
  /** The server's main address. */
  readonly target: Target;
  /** Its further addresses, which no flow has gone to when the plane opens. */
  readonly spread: Target;
  /** In the order in which a flow passes them. */
  readonly proxies: readonly MeasuredEnvoy[];
}

const MAX_HEAP_BYTES = 4 * 2 ** 30;
const READY_MS = 90_000;

export class DataPlane {
  private constructor(
    readonly load: LoadGenerator,
    readonly ways: readonly Way[],
    readonly close: () => Promise<void>,
  ) {}

  way(name: string): Way {
    return this.ways.find(({ variant }) => variant.name === name) as Way;
  }

  /** Builds the lab and starts every variant in it. What it started is gone after `close`, and with this process. */
  static async open(options: DataPlaneOptions, variants: readonly Variant[]): Promise<DataPlane> {
    const started: Stop[] = [];
    const close = async () => void (await Promise.all(started.map((stop) => stop())));
    try {
      const { load, ways } = await start(options, variants, started);
      return new DataPlane(load, ways, close);
    } catch (error) {
      await close();
      throw error;
    }
  }
}

type Stop = () => unknown;

async function start(
  options: DataPlaneOptions,
  variants: readonly Variant[],
  started: Stop[],
): Promise<{ readonly load: LoadGenerator; readonly ways: readonly Way[] }> {
  const { stateFolder, envoy, loadProgram, noopFilter, destinations } = options;
  const lab = await Lab.open({ stateFolder });
  const authority = await Authority.open({ folder: join(stateFolder, "ca"), clock: { now: () => Date.now() } });
  const ground: EnvoyGround = {
    lab,
    authority,
    envoy,
    noopFilter,
    folderOf: (node) => join(stateFolder, "nodes", node),
  };
  const chains = variants.map((variant, index) =>
    chainOf(variant, { name: variant.name, index, destinations }, options),
  );
  const policies = chains.flatMap(({ variant, policy }) => (variant.kind === "sallyport" ? [policy] : []));
  const images = await serveImages(authority, policies);
  started.push(() => images.close());
  const ways: Way[] = [];
  for (const chain of chains) {
    options.say(`starting ${chain.variant.label}`);
    ways.push(await startChain(ground, chain, stateFolder, started));
  }
  const servers = chains.map(({ place }) => namespaceFile(stateFolder, serverName(place)));
  const server = await startServer(loadProgram, SERVICE_PORT, servers);
  started.push(() => server.kill());
  const load = LoadGenerator.start(loadProgram);
  started.push(() => load.stop());
  for (const way of ways) await untilReady(way, load);
  return { load, ways };
}

interface Chain {
  readonly variant: Variant;
  readonly place: ChainPlace;
  readonly policy: CompiledPolicy;
  readonly world: World;
  readonly plans: readonly NodePlan[];
}

function chainOf(variant: Variant, place: ChainPlace, options: DataPlaneOptions): Chain {
  const world = flowWorld(place, Math.max(variant.policies, 10));
  const { policy } = compile(world, OVERLAY);
  const plans = planNodes(policy, {
    nodeFolder: (name) => join(options.stateFolder, "nodes", name),
    adminSocket: (name) => adminSocketPath(options.stateFolder, name),
    code: (role) => join(options.codeFolder, `${role}.wasm`),
    controlAddress: CONTROLLER_ADDRESS,
    controlIdentity: CONTROLLER_IDENTITY,
    maxHeapBytes: MAX_HEAP_BYTES,
    resetLimits: true,
    flat: false,
  });
  return { variant, place, policy, world, plans };
}

async function startChain(ground: EnvoyGround, chain: Chain, stateFolder: string, started: Stop[]): Promise<Way> {
  const { place, variant, policy, plans } = chain;
  const proxies: MeasuredEnvoy[] = [];
  for (const name of [clientName(place), `${gatewayName(place)}-0`, serverName(place)]) {
    const plan = plans.find((one) => one.name === name) as NodePlan;
    const bootstrap = bootstrapOf(chain, plan, ground.noopFilter);
    if (bootstrap !== undefined) {
      const proxy = await MeasuredEnvoy.start(ground, plan, bootstrap, policy.overlay.cidr);
      started.push(() => proxy.stop());
      proxies.push(proxy);
    } else if (plan.role === "endpoint") await ground.lab.addNode({ name, addresses: plan.addresses });
    if (!ground.lab.nodes.includes(name)) continue;
    await freePortsAtOnce(ground.lab, name);
    if (name !== serverName(place)) await routeToServer(ground.lab, name, place);
  }
  const from = { namespace: namespaceFile(stateFolder, clientName(place)), port: SERVICE_PORT };
  return {
    variant,
    target: { ...from, address: serverAddress(place), count: 1 },
    spread: { ...from, address: firstDestination(place), count: Math.max(1, place.destinations) },
    proxies,
  };
}

/** All of a server's addresses behind one neighbour: the kernel's neighbour table is small and shared by namespaces. */
async function routeToServer(lab: Lab, name: string, place: ChainPlace): Promise<void> {
  await lab.run(name, [
    "ip",
    "route",
    "add",
    serverNetwork(place),
    "via",
    serverAddress(place),
    "dev",
    "eth0",
    "onlink",
  ]);
}

/**
 * A bench makes more flows between two addresses in a minute than there are ports, and with thousands of them in
 * TIME_WAIT the kernel's search for a free one would be most of what is measured.
 */
async function freePortsAtOnce(lab: Lab, name: string): Promise<void> {
  const settings = ["ip_local_port_range 2048 65535", "tcp_max_tw_buckets 64"];
  const script = settings.map((line) => line.replace(/^(\S+) (.*)$/, 'echo "$2" > /proc/sys/net/ipv4/$1')).join("; ");
  await lab.run(name, ["sh", "-c", script]);
}

/** Undefined: no Envoy in that place. */
function bootstrapOf(
  { variant, place, world }: Chain,
  { name, role, bootstrap }: NodePlan,
  noopFilter: string,
): JsonObject | undefined {
  const identity = (node: string) => `spiffe://bench/ns/bench/sa/${node}`;
  switch (variant.kind) {
    case "direct":
      return undefined;
    case "pair":
      if (role === "gateway") return undefined;
      if (name === clientName(place)) return pairClient(bootstrap, serverAddress(place), identity(serverName(place)));
      return pairServer(bootstrap, serverAddress(place), SERVICE_PORT, identity(clientName(place)));
    case "plain":
      return withoutFilters(bootstrap);
    case "noop":
      return withWasm(withoutFilters(bootstrap), noopFilter);
    case "rbac":
      return role === "gateway"
        ? withHttpFilters(withoutFilters(bootstrap), rbacFilters(world))
        : withoutFilters(bootstrap);
    case "sallyport":
      return bootstrap;
  }
}

function namespaceFile(stateFolder: string, node: string): string {
  return join(stateFolder, "netns", node);
}

/** Ready is when a flow passes. */
async function untilReady({ variant, target, proxies }: Way, load: LoadGenerator): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const { failed } = await load.flows(target, 0, 1);
    if (failed === 0) return;
    const dead = proxies.find(({ ended }) => ended);
    if (dead !== undefined || Date.now() > deadline) {
      const log = await Promise.all(
        proxies.map(async (proxy) => `${proxy.name}:\n${(await readFile(proxy.log, "utf8")).slice(-2000)}`),
      );
      throw new Error(`${variant.label}: ${dead ? `${dead.name} ended` : "no flow passes"}\n${log.join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
