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
import { API, GATEWAY_IDENTITY, GATEWAY_NAME, gatewayFiles, worldText } from "./world.ts";

export const PORT = 5432;
const CONTROLLER_IDENTITY = "spiffe://sallyport.local/controller";
const clock = { now: () => Date.now() };

export interface StageOptions {
  readonly replicas: number;
  readonly drainSeconds: number;
  readonly certificateLifetimeMs?: number;
}

export class Stage {
  private constructor(
    readonly lab: Lab,
    readonly dns: NameServer,
    readonly standalone: Standalone,
    readonly replicas: readonly Replica[],
    readonly web: Actor,
    private readonly folder: string,
    private readonly lifetime: { readonly lifetimeMs?: number },
  ) {}

  /** Enters a lab and starts everything. Arguments of the program: kind of lab, folder, Envoy. */
  static async open(options: StageOptions): Promise<Stage> {
    const [kind, folder, envoy] = process.argv.slice(2) as [LabKind, string, string];
    if (currentLab() === undefined) process.exit(await enterLab(kind));
    const lab = await Lab.open({ stateFolder: join(folder, "lab") });
    const dns = await NameServer.start(CONTROLLER_ADDRESS, join(folder, "resolv.conf"));
    dns.set("sallyport.sallyport-system.svc", [CONTROLLER_ADDRESS]);
    await mkdir(join(folder, "resources"));
    await writeFile(join(folder, "resources/world.yaml"), worldText());
    const machine = new LabMachine(lab, { path: envoy, resetLimits: knowsResetLimits(await envoyVersion(envoy)) });
    const standalone = await Standalone.open({
      folder: join(folder, "resources"),
      stateFolder: join(folder, "state"),
      codeFolder,
      machine,
      ...(options.certificateLifetimeMs && { certificateLifetimeMs: options.certificateLifetimeMs }),
    });
    const replicas = Array.from({ length: options.replicas }, (_, i) => {
      const common = { envoy, folder: join(folder, "pods"), drainSeconds: options.drainSeconds };
      return new Replica(lab, {
        ...common,
        name: `edge-${i}`,
        address: `10.78.0.${i + 2}`,
        controller: CONTROLLER_IDENTITY,
      });
    });
    dns.set(
      GATEWAY_NAME,
      replicas.map(({ options }) => options.address),
    );
    const first = await standalone.reload();
    if (first.kind === "kept") throw new Error(JSON.stringify(first.rejections));
    const lifetime = options.certificateLifetimeMs ? { lifetimeMs: options.certificateLifetimeMs } : {};
    const actor = (node: string) =>
      new Actor(
        node,
        lab.execIn(node, ACTOR_COMMAND, {
          env: { ...process.env, NODE_OPTIONS: "" },
          stdio: ["pipe", "pipe", "inherit"],
        }),
      );
    const stage = new Stage(lab, dns, standalone, replicas, actor("web"), folder, lifetime);
    await actor("api").play("serveTcp", "0.0.0.0", PORT, "hello");
    const files = gatewayFiles(worldText(), "edge");
    await Promise.all(
      replicas.map(async (replica) => {
        await lab.addNode({ name: replica.name, addresses: [replica.options.address] });
        await replica.start(files, await stage.issue(GATEWAY_IDENTITY));
      }),
    );
    await until(async () => (await stage.web.play("probeTcp", API, PORT)).reached, "a flow to get through", 30_000);
    return stage;
  }

  /** A certificate of the standalone controller's authority. */
  async issue(identity: string, lifetimeMs?: number): Promise<Issued> {
    const lifetime = lifetimeMs === undefined ? this.lifetime : { lifetimeMs };
    return (await Authority.open({ folder: join(this.folder, "state", "ca"), clock, ...lifetime })).issue(identity);
  }

  /** Prints the answer and ends the program. */
  async close(answer: object): Promise<never> {
    console.log(JSON.stringify(answer));
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    await this.standalone.stop();
    this.dns.close();
    for (const node of this.lab.nodes) await this.lab.removeNode(node);
    await this.lab.close();
    process.exit(0);
  }
}
