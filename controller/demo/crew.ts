/** The agents of a topology, one process in each node's network namespace, driven over their standard input. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Place } from "../node/namespace.ts";
import type { Order, Probe, TrafficReport } from "./agent.ts";
import type { Attack, AttackResult } from "./attacker.ts";

const AGENT = join(fileURLToPath(new URL(".", import.meta.url)), "agent.js");

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** One node's apps. */
export class Agent {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  /** `flatAddress`: the node's loopback address, where there are no namespaces. */
  constructor(place: Place, node: string, flatAddress?: string) {
    const env = flatAddress === undefined ? process.env : { ...process.env, FLAT_ADDRESS: flatAddress };
    this.#child = place.execIn(node, [process.execPath, AGENT], { stdio: ["pipe", "pipe", "inherit"], env });
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on("line", (line) => this.#answer(line));
    this.#child.once("exit", () => this.#fail(new Error(`the agent of ${node} ended`)));
    this.#child.once("error", (error) => this.#fail(error));
  }

  serve(protocol: "http" | "tcp", host: string, port: number, name: string): Promise<unknown> {
    return this.#order({ do: "serve", protocol, host, port, name });
  }

  probe(protocol: "http" | "tcp", host: string, port: number): Promise<Probe> {
    return this.#order({ do: "probe", protocol, host, port }) as Promise<Probe>;
  }

  /** Opens the flow that `report` tells about; false if it didn't get through. */
  open(host: string, port: number): Promise<boolean> {
    return this.#order({ do: "open", host, port }) as Promise<boolean>;
  }

  startTraffic(host: string, port: number, everyMs: number): Promise<unknown> {
    return this.#order({ do: "traffic", host, port, everyMs });
  }

  report(): Promise<TrafficReport> {
    return this.#order({ do: "report" }) as Promise<TrafficReport>;
  }

  attack(attack: Attack): Promise<AttackResult> {
    return this.#order({ do: "attack", attack }) as Promise<AttackResult>;
  }

  async steal(tls: string, control: string, nodeId: string): Promise<Buffer> {
    return Buffer.from((await this.#order({ do: "steal", tls, control, nodeId })) as string, "base64");
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  #order(order: Order): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, order })}\n`);
    });
  }

  #answer(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
