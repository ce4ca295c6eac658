/** A gateway's pods between two endpoints, for programs that look at them from inside of a lab. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeFolder } from "../../../controller/cli/installation.ts";
import { envoyVersion } from "../../../controller/node/envoy.ts";
import { knowsResetLimits } from "../../../controller/node/envoy-version.ts";
import { currentLab, enterLab } from "../../../controller/node/lab-entry.ts";
import type { LabKind } from "../../../controller/node/lab-support.ts";
import { CONTROLLER_ADDRESS } from "../../../controller/node/link-plan.ts";
import { Lab } from "../../../controller/node/namespace.ts";
import { Authority, type Issued } from "../../../controller/serve/authority.ts";
import { LabMachine } from "../../../controller/standalone/lab-machine.ts";
import { Standalone } from "../../../controller/standalone/standalone.ts";
import { until } from "../../until.ts";
import { ACTOR_COMMAND, Actor } from "../actor/actor.ts";
import { NameServer } from "./dns.ts";
import { Replica } from "./replica.ts";
import { API, gatewayFiles, identityOf, worldText } from "./world.ts";

export const PORT = 5432;
const CONTROLLER_IDENTITY = "spiffe://sallyport.local/controller";
const clock = { now: () => Date.now() };

export interface StageOptions {
  readonly replicas: number;
  readonly drainSeconds: number;
  /** What the controller reads, if it isn't `worldText()`. The gateway's pods have the ConfigMap of that one all the same. */
  readonly world?: string;
}

export class Stage {
  readonly #actors = new Map<string, Actor>();
  /** Of gateway `edge`. */
  readonly replicas: Replica[] = [];

  private constructor(
    readonly lab: Lab,
    readonly dns: NameServer,
    readonly standalone: Standalone,
    private readonly settings: { readonly folder: string; readonly envoy: string; readonly drainSeconds: number },
  ) {}

  /** The apps of the endpoint `web`. */
  get web(): Actor {
    return this.#actor("web");
  }

  get api(): Actor {
    return this.#actor("api");
  }

  /** Enters a lab and starts everything. Arguments of the program: kind of lab, folder, Envoy. */
  static async open({ replicas, drainSeconds, world = worldText() }: StageOptions): Promise<Stage> {
    const [kind, folder, envoy] = process.argv.slice(2) as [LabKind, string, string];
    if (currentLab() === undefined) process.exit(await enterLab(kind));
    const lab = await Lab.open({ stateFolder: join(folder, "lab") });
    const dns = await NameServer.start(CONTROLLER_ADDRESS, join(folder, "resolv.conf"));
    dns.set("sallyport.sallyport-system.svc", [CONTROLLER_ADDRESS]);
    for (const name of ["edge", "far"]) dns.set(`${name}.sp.svc`, addressesOf(name, name === "edge" ? replicas : 1));
    const standalone = await controller(lab, folder, envoy);
    const stage = new Stage(lab, dns, standalone, { folder, envoy, drainSeconds });
    await stage.reload(world);
    await stage.#begin(replicas);
    return stage;
  }

  async #begin(replicas: number): Promise<void> {
    await this.api.play("serveTcp", "0.0.0.0", PORT, "hello");
    const files = gatewayFiles(worldText(), "edge");
    const started = addressesOf("edge", replicas).map((address, i) => this.start("edge", i, address, files));
    this.replicas.push(...(await Promise.all(started)));
    await until(async () => (await this.web.play("probeTcp", API, PORT)).reached, "a flow to get through", 30_000);
  }

  /** Makes this the world of the controller. */
  async reload(world: string): Promise<void> {
    await writeFile(join(this.settings.folder, "resources/world.yaml"), world);
    const reload = await this.standalone.reload();
    if (reload.kind === "kept") throw new Error(JSON.stringify(reload.rejections));
  }

  /** A new replica of a gateway, once it is ready. */
  async start(gateway: string, index: number, address: string, files: Readonly<Record<string, string>>) {
    const { folder, ...settings } = this.settings;
    const own = { name: `${gateway}-${index}`, address, controller: CONTROLLER_IDENTITY, folder: join(folder, "pods") };
    const replica = new Replica(this.lab, { ...settings, ...own });
    await this.lab.addNode({ name: replica.name, addresses: [address] });
    await replica.start(files, await this.issue(identityOf(gateway)));
    return replica;
  }

  /** A certificate of the standalone controller's authority. */
  async issue(identity: string, lifetimeMs?: number): Promise<Issued> {
    const folder = join(this.settings.folder, "state", "ca");
    return (await Authority.open({ folder, clock, ...(lifetimeMs !== undefined && { lifetimeMs }) })).issue(identity);
  }

  /** Prints the answer and ends the program, and with it all that it started. */
  async close(answer: object): Promise<never> {
    console.log(JSON.stringify(answer));
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    await this.standalone.stop();
    this.dns.close();
    for (const node of this.lab.nodes) await this.lab.removeNode(node);
    await this.lab.close();
    process.exit(0);
  }

  #actor(node: string): Actor {
    const known = this.#actors.get(node);
    if (known !== undefined) return known;
    const env = { ...process.env, NODE_OPTIONS: "" };
    const actor = new Actor(node, this.lab.execIn(node, ACTOR_COMMAND, { env, stdio: ["pipe", "pipe", "inherit"] }));
    this.#actors.set(node, actor);
    return actor;
  }
}

/** Addresses of a gateway's replicas. */
function addressesOf(gateway: string, replicas: number): string[] {
  return Array.from({ length: replicas }, (_, i) => `10.78.${gateway === "edge" ? 0 : 1}.${i + 2}`);
}

async function controller(lab: Lab, folder: string, envoy: string): Promise<Standalone> {
  await mkdir(join(folder, "resources"));
  const machine = new LabMachine(lab, { path: envoy, resetLimits: knowsResetLimits(await envoyVersion(envoy)) });
  const folders = { folder: join(folder, "resources"), stateFolder: join(folder, "state"), codeFolder };
  return Standalone.open({ ...folders, machine });
}
