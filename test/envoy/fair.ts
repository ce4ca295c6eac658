/**
 * A world to be unfair in: alice and mallory both may reach a server, through one gateway or two in a row, so that their
 * flows share connections between proxies.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { compile } from "../../controller/compile/compile.ts";
import { keysOf, type StampWish } from "../../controller/demo/forger.ts";
import { hexId } from "../../controller/model/hex.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { readWorld } from "../../controller/read/files.ts";
import { until } from "../until.ts";
import { Actor } from "./actor/actor.ts";
import { OverlayRun } from "./overlay-run.ts";

export type Who = "alice" | "mallory" | "server";

const MALLORY = "10.79.0.12";
export const SERVER = "10.79.0.13";
/** Greets and echoes. */
export const ECHO = 7000;
/** Never stops to send. */
export const FIREHOSE = 7001;
/** Takes packets and never answers. */
export const SILENT = 7777;
export const FIRST = "10.78.1.2:15042";

const endpoint = (name: string, address: string) => `---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayEndpoint
metadata: { name: ${name} }
spec:
  overlay: fair
  namespace: fair
  labels: { app: ${name} }
  addresses: ["${address}"]
  identity: spiffe://fair.example/sa/${name}
  local: {}
`;

const gateway = (name: string, address: string) => `---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayGateway
metadata: { name: ${name} }
spec:
  overlays: [fair]
  addresses: ["${address}"]
  identity: spiffe://fair.example/gateway/${name}
  local: {}
`;

const OVERLAY = `
apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: { name: fair }
spec:
  id: 9
  cidr: [10.79.0.0/16]
  path: [first, second]
  isolation: Kubernetes
`;

export const FILES = {
  "overlay.yaml": OVERLAY,
  "endpoints.yaml": endpoint("alice", "10.79.0.11") + endpoint("mallory", MALLORY) + endpoint("server", SERVER),
  "gateways.yaml": gateway("first", FIRST) + gateway("second", "10.78.1.4:15042"),
};

export class Fair {
  readonly run: OverlayRun;
  readonly #actors: Readonly<Record<Who, Actor>>;

  private constructor(run: OverlayRun, actors: Readonly<Record<Who, Actor>>) {
    this.run = run;
    this.#actors = actors;
  }

  static async open(folder: string): Promise<Fair> {
    const run = await OverlayRun.start(folder, { files: FILES });
    try {
      const start = (name: Who) => Actor.start(run, name);
      const fair = new Fair(run, {
        alice: await start("alice"),
        mallory: await start("mallory"),
        server: await start("server"),
      });
      await fair.actor("server").play("serveTcp", SERVER, ECHO, "server");
      await fair.actor("server").play("serveFirehose", SERVER, FIREHOSE);
      const hole = `add table inet hole; add chain inet hole input { type filter hook input priority -10; };`;
      await run.inNode("server", ["nft", `${hole} add rule inet hole input tcp dport ${SILENT} drop`]);
      return fair;
    } catch (error) {
      await run.stop();
      throw error;
    }
  }

  actor(name: Who): Actor {
    return this.#actors[name];
  }

  /** Edits the path and waits until every node carries flows over it. The actors live on. */
  async takePath(...path: readonly string[]): Promise<void> {
    const wanted = `path: [${path.join(", ")}]`;
    if ((await readFile(join(this.run.resources, "overlay.yaml"), "utf8")).includes(wanted)) return;
    await this.run.apply("overlay.yaml", (text) => text.replace(/path: .*/, wanted));
    await until(() => this.reaches(), "flows to pass", 20_000);
  }

  /** What a stamp says that mallory may make with the key out of its own image. */
  async stampOfMallory(destination: string): Promise<StampWish> {
    const { world } = await readWorld(this.run.resources);
    const { policy } = compile(world, "fair");
    const { overlay, paths, gateways, endpoints } = policy;
    const node = hexId(endpoints.find(({ endpoint }) => endpoint.name === "mallory")?.id as Uint8Array);
    const audience = hexId(gateways[paths[0]?.gateways[0] as number]?.id as Uint8Array);
    const epoch = Math.floor(Date.now() / 1000 / overlay.keys.epochSeconds);
    const control = `${CONTROLLER_ADDRESS}:${CONTROL_PORT}`;
    const image = await this.actor("mallory").play("steal", this.run.tls("mallory"), control, node);
    const key = keysOf(Buffer.from(image, "base64")).find((one) => one.epoch === epoch && one.peer === audience)?.key;
    if (key === undefined) throw new Error("mallory's image holds no key");
    const path = paths[0]?.id as number;
    return { overlay: overlay.id, epoch, sourceNode: node, sourceAddress: MALLORY, path, destination, audience, key };
  }

  /** Whether alice's new flows get through. */
  async reaches(): Promise<boolean> {
    return (await this.actor("alice").play("probeTcp", SERVER, ECHO)).reached;
  }

  /** Ends everything; what is left of it. */
  async close(): Promise<readonly string[]> {
    for (const actor of Object.values(this.#actors)) actor.stop();
    return this.run.stop();
  }
}
