/** The shop of the samples, running, with its apps; the ground of the demo's attacks. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledPolicy } from "../../controller/compile/compiled.ts";
import type { Ground } from "../../controller/demo/attacks.ts";
import { keysOf } from "../../controller/demo/forger.ts";
import { hexId } from "../../controller/model/hex.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { readWorld } from "../../controller/read/files.ts";
import { Actor } from "./actor/actor.ts";
import { OverlayRun, type RunOptions } from "./overlay-run.ts";

export const PEOPLE = ["web", "api", "db", "intruder"] as const;
export type Person = (typeof PEOPLE)[number];
export const GATEWAYS = ["edge-a-0", "edge-a-1", "edge-b-0"] as const;

export const WEB = "10.77.0.11";
export const API = "10.77.0.12";
export const DB = "10.77.0.13";

const SAMPLES = join(projectFolder(), "manifests", "samples", "shop");

/** The resource files of the sample, by name. */
export function shopFiles(): Record<string, string> {
  return Object.fromEntries(readdirSync(SAMPLES).map((name) => [name, readFileSync(join(SAMPLES, name), "utf8")]));
}

/** The sample's files with another line after `epochSeconds`, and other seconds. */
export function shopWithKeys(epochSeconds: number, keyGeneration: number): Record<string, string> {
  const files = shopFiles();
  const lines = `epochSeconds: ${epochSeconds}\n    keyGeneration: ${keyGeneration}`;
  return { ...files, "overlay.yaml": files["overlay.yaml"]?.replace(/epochSeconds: \d+/, lines) ?? "" };
}

export class Shop implements Ground {
  readonly run: OverlayRun;
  readonly control = `${CONTROLLER_ADDRESS}:${CONTROL_PORT}`;
  readonly standalone: { readonly policies: readonly CompiledPolicy[] };
  readonly #actors: ReadonlyMap<Person, Actor>;

  private constructor(run: OverlayRun, policies: readonly CompiledPolicy[], actors: ReadonlyMap<Person, Actor>) {
    this.run = run;
    this.standalone = { policies };
    this.#actors = actors;
  }

  static async open(folder: string, options: RunOptions): Promise<Shop> {
    const run = await OverlayRun.start(folder, options);
    try {
      const { world } = await readWorld(run.resources);
      const policies = world.overlays.map(({ name }) => compile(world, name).policy);
      const actors = await Promise.all(PEOPLE.map(async (name) => [name, await Actor.start(run, name)] as const));
      const shop = new Shop(run, policies, new Map(actors));
      await shop.actor("web").play("serveHttp", WEB, 8080, "web");
      await shop.actor("api").play("serveHttp", API, 8080, "api");
      await shop.actor("db").play("serveTcp", DB, 5432, "db");
      return shop;
    } catch (error) {
      await run.stop();
      throw error;
    }
  }

  actor(name: Person): Actor {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`nobody plays ${name}`);
    return actor;
  }

  get ids() {
    return { edgeA: this.#nodeId("edge-a-0"), edgeB: this.#nodeId("edge-b-0"), db: this.#nodeId("db") };
  }

  agent(name: Person) {
    const actor = this.actor(name);
    return {
      steal: async (tls: string, control: string, nodeId: string) =>
        Buffer.from(await actor.play("steal", tls, control, nodeId), "base64"),
    };
  }

  /** All authorization keys that a node's image holds, in hex. */
  async keysOf(node: string): Promise<string[]> {
    const image = await this.agent("web").steal(this.tls(node), this.control, this.#nodeId(node));
    return keysOf(image).map(({ key }) => key);
  }

  address(text: string): string {
    return text;
  }

  tls(node: string): string {
    return this.run.tls(node);
  }

  /** Ends everything; what is left of it. */
  async close(): Promise<readonly string[]> {
    for (const actor of this.#actors.values()) actor.stop();
    return this.run.stop();
  }

  /** In hex; the replicas of a gateway share it. */
  #nodeId(node: string): string {
    const [policy] = this.standalone.policies;
    const group = node.replace(/-[0-9]+$/, "");
    const found =
      policy?.endpoints.find(({ endpoint }) => endpoint.name === node) ??
      policy?.gateways.find(({ gateway }) => gateway.name === group);
    if (found === undefined) throw new Error(`there is no node ${node}`);
    return hexId(found.id);
  }
}
