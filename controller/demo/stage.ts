/** The demo's world while it runs: the shop's nodes, their apps, the resources that it edits and the proxies' logs. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONTROL_PORT } from "../model/ports.ts";
import { formatRejection } from "../read/issue.ts";
import type { Session, SessionEvents } from "../standalone/session.ts";
import type { Standalone } from "../standalone/standalone.ts";
import { Agent } from "./crew.ts";

/** Who serves what; everybody also tries to reach everybody. */
export const APPS = [
  { node: "web", protocol: "http", port: 8080 },
  { node: "api", protocol: "http", port: 8080 },
  { node: "db", protocol: "tcp", port: 5432 },
] as const;
export const PEOPLE = ["web", "api", "db", "intruder"] as const;
/** As in the resources. */
export const ADDRESSES: Readonly<Record<NodeName, string>> = {
  web: "10.77.0.11",
  api: "10.77.0.12",
  db: "10.77.0.13",
  intruder: "10.77.0.66",
};

/** The shop needs keys that change while one watches. */
const DEMO_EPOCH_SECONDS = 5;

export type NodeName = (typeof PEOPLE)[number];

/** Copies the shop's resources to a folder that the demo may edit; `flat`: with loopback addresses. */
export async function copyShop(samples: string, folder: string, flat: boolean): Promise<void> {
  await cp(samples, folder, { recursive: true });
  if (flat) {
    for (const file of ["overlay.yaml", "gateways.yaml", "endpoints.yaml"]) {
      await edit(folder, file, (text) => text.replace(/\b10\.7([78])\./g, "127.7$1."));
    }
  }
  await edit(folder, "overlay.yaml", (text) =>
    text.replace(/epochSeconds: \d+/, `epochSeconds: ${DEMO_EPOCH_SECONDS}`),
  );
}

/** Rewrites one resource file; an edit that changes nothing is a mistake of the demo. */
export async function edit(folder: string, file: string, change: (text: string) => string): Promise<void> {
  const path = join(folder, file);
  const before = await readFile(path, "utf8");
  const after = change(before);
  if (after === before) throw new Error(`the edit of ${file} changed nothing`);
  await writeFile(path, after);
}

export class Stage {
  readonly agents: ReadonlyMap<NodeName, Agent>;

  constructor(
    readonly session: Session,
    readonly folder: string,
    readonly diary: Diary,
  ) {
    const { flat, place } = session.machine;
    this.agents = new Map(
      PEOPLE.map((name) => [name, new Agent(place, name, flat ? this.address(ADDRESSES[name]) : undefined)]),
    );
  }

  /** An address of the shop's resources as it is in this run: on loopback without namespaces. */
  address(text: string): string {
    return this.session.machine.flat ? text.replace(/^10\./, "127.") : text;
  }

  get standalone(): Standalone {
    return this.session.standalone;
  }

  agent(name: NodeName): Agent {
    return this.agents.get(name) as Agent;
  }

  async startApps(): Promise<void> {
    for (const { node, protocol, port } of APPS) {
      await this.agent(node).serve(protocol, this.address(ADDRESSES[node]), port, node);
    }
  }

  /** `ip:port` of the image service. */
  get control(): string {
    return `${this.session.machine.controlAddress}:${CONTROL_PORT}`;
  }

  /** Folder of a node's current certificate. */
  tls(node: string): string {
    return join(this.standalone.nodeFolder(node), "tls", "current");
  }

  /** Every local node's workers run their current image. */
  isProgrammed(): boolean {
    const { current, total } = this.standalone.programmed();
    return total > 0 && current === total;
  }

  /** Ends a node's Envoy as a crash would; its process id. */
  kill(node: string): number {
    const pid = this.standalone.pid(node);
    if (pid === undefined) throw new Error(`${node} doesn't run`);
    process.kill(pid, "SIGKILL");
    return pid;
  }

  /** What a node's Envoy has logged, from an offset in characters on. */
  async log(node: string, from = 0): Promise<string> {
    const text = await readFile(join(this.standalone.nodeFolder(node), "envoy.log"), "utf8").catch(() => "");
    return text.slice(from);
  }

  /** Stops apps and nodes. */
  async end(): Promise<void> {
    for (const agent of this.agents.values()) agent.stop();
    await this.session.stop();
  }
}

/** What the controller reported while the demo ran. */
export class Diary {
  applied = 0;
  kept = 0;
  lastRejection = "";
  rotations = 0;
  readonly troubles: string[] = [];

  readonly events: SessionEvents = {
    reloaded: (reload) => {
      if (reload.kind === "applied") this.applied++;
      else {
        this.kept++;
        this.lastRejection = reload.rejections.map(formatRejection)[0] ?? "";
      }
    },
    rotated: () => this.rotations++,
    trouble: (message) => this.troubles.push(message),
  };
}
